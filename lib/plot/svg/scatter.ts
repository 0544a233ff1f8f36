/** Lines, markers, texts and error bars of scatter traces. */
import type { ColouredTrace, Drawing } from "./bars.js";
import { escapeXml, fields, itemOf, list, numberOf, px, stringOf, textElement, wordsOf } from "./read.js";
import type { Scale } from "./scale.js";

const DASHES: Readonly<Record<string, string>> = { dot: "2 3", dash: "7 4", dashdot: "7 3 2 3" };

/** Returns SVG's dash pattern of a Plotly line, as an attribute; empty for solid lines. */
export function dashAttribute(dash: string | undefined): string {
  const pattern = dash === undefined ? undefined : DASHES[dash];
  return pattern === undefined ? "" : ` stroke-dasharray="${pattern}"`;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly index: number;
}

export function modeOf({ trace }: ColouredTrace): string {
  return stringOf(trace.mode) ?? (list(trace.y).length < 20 ? "lines+markers" : "lines");
}

export function drawScatter(coloured: ColouredTrace, scales: (axis: string) => Scale): Drawing {
  const { trace } = coloured;
  const xScale = scales(stringOf(trace.xaxis) ?? "x");
  const yScale = scales(stringOf(trace.yaxis) ?? "y");
  const ys = list(trace.y);
  const xs = list(trace.x);
  const points = ys.map((value, index): Point | null => {
    const x = xScale.at(xs.length > 0 ? (xs[index] ?? null) : index);
    const y = value === null ? null : yScale.at(value);
    return x === null || y === null ? null : { x, y, index };
  });
  const placed = points.filter((point) => point !== null);
  const mode = modeOf(coloured);
  return {
    marks: [
      ...(mode.includes("lines") ? lines(points, coloured) : []),
      ...errorBars(placed, coloured, yScale),
      ...(mode.includes("markers") ? placed.map((point) => marker(point, coloured)) : []),
    ],
    texts: mode.includes("text") ? placed.flatMap((point) => label(point, coloured)) : [],
  };
}

/** A missing value breaks the line. */
function lines(points: readonly (Point | null)[], { trace, colour }: ColouredTrace): string[] {
  const line = fields(trace.line);
  const steps = line.shape === "hv";
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point === null) {
      drawing = false;
      continue;
    }
    const { x, y } = point;
    if (!drawing) path += `M${px(x)} ${px(y)}`;
    else path += steps ? `H${px(x)}V${px(y)}` : `L${px(x)} ${px(y)}`;
    drawing = true;
  }
  if (path === "") return [];
  const width = px(numberOf(line.width) ?? 2);
  return [
    `<path d="${path}" fill="none" stroke="${escapeXml(stringOf(line.color) ?? colour)}" stroke-width="${width}"${dashAttribute(stringOf(line.dash))}/>`,
  ];
}

const CAP = 4;

function errorBars(points: readonly Point[], { trace, colour }: ColouredTrace, scale: Scale): string[] {
  const error = fields(trace.error_y);
  if (Object.keys(error).length === 0 || error.visible === false) return [];
  const stroke = escapeXml(stringOf(error.color) ?? colour);
  const width = px(numberOf(error.thickness) ?? 2);
  return points.flatMap(({ x, index }) => {
    const value = numberOf(list(trace.y)[index]);
    const above = numberOf(itemOf(error.array, index));
    const below = error.symmetric === false ? numberOf(itemOf(error.arrayminus, index)) : above;
    if (value === undefined) return [];
    const top = scale.at(value + (above ?? 0));
    const bottom = scale.at(value - (below ?? 0));
    if (top === null || bottom === null) return [];
    const cap = (y: number) => `M${px(x - CAP)} ${px(y)}H${px(x + CAP)}`;
    return [
      `<path d="M${px(x)} ${px(top)}V${px(bottom)}${cap(top)}${cap(bottom)}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`,
    ];
  });
}

function marker({ x, y, index }: Point, { trace, colour }: ColouredTrace): string {
  const style = fields(trace.marker);
  const line = fields(style.line);
  const size = numberOf(itemOf(style.size, index)) ?? 6;
  const fill = escapeXml(stringOf(itemOf(style.color, index)) ?? colour);
  const opacity = numberOf(itemOf(style.opacity, index)) ?? 1;
  const faint = opacity < 1 ? ` fill-opacity="${px(opacity)}"` : "";
  const edge = stringOf(line.color);
  const outline =
    edge === undefined ? "" : ` stroke="${escapeXml(edge)}" stroke-width="${px(numberOf(line.width) ?? 1)}"`;
  return symbol({ name: stringOf(itemOf(style.symbol, index)) ?? "circle", x, y, half: size / 2 }).replace(
    "/>",
    ` fill="${fill}"${faint}${outline}/>`,
  );
}

interface Symbol {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly half: number;
}

/** Returns a marker's outline; of Plotly's symbols that differ little from a circle, a circle. */
export function symbol({ name, x, y, half }: Symbol): string {
  if (name.startsWith("diamond")) {
    const reach = half * 1.3;
    return `<path d="M${px(x)} ${px(y - reach)}L${px(x + reach)} ${px(y)}L${px(x)} ${px(y + reach)}L${px(x - reach)} ${px(y)}Z"/>`;
  }
  if (name.startsWith("square")) {
    return `<rect x="${px(x - half)}" y="${px(y - half)}" width="${px(2 * half)}" height="${px(2 * half)}"/>`;
  }
  if (name.startsWith("triangle")) {
    return `<path d="M${px(x)} ${px(y - half)}L${px(x + half)} ${px(y + half)}L${px(x - half)} ${px(y + half)}Z"/>`;
  }
  return `<circle cx="${px(x)}" cy="${px(y)}" r="${px(half)}"/>`;
}

function label({ x, y, index }: Point, { trace }: ColouredTrace): string[] {
  const text = wordsOf(itemOf(trace.text, index));
  if (text === "") return [];
  const position = stringOf(itemOf(trace.textposition, index)) ?? "middle center";
  const half = (numberOf(itemOf(fields(trace.marker).size, index)) ?? 6) / 2;
  const size = numberOf(fields(trace.textfont).size) ?? 12;
  const anchor = position.endsWith("left") ? "end" : position.endsWith("right") ? "start" : "middle";
  const aside = anchor === "end" ? -half - 4 : anchor === "start" ? half + 4 : 0;
  const below = position.startsWith("top")
    ? -half - 4
    : position.startsWith("bottom")
      ? half + size
      : size * 0.35;
  return [textElement(text, { x: x + aside, y: y + below, size, anchor })];
}
