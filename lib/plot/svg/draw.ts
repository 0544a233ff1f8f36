/**
 * A figure as a picture that needs no script: what GitHub, a mail or an untrusted notebook shows. It draws
 * what this project's figures are made of, bars and scatter traces; a figure with anything else has no
 * picture, as half a picture would be a wrong one.
 */
import type { Json } from "../../display.js";
import { type Axis, layoutKey, type PlotParts, partsOf, scaleOf } from "./axes.js";
import { type ColouredTrace, drawBars } from "./bars.js";
import { drawLegend, LEGEND_ROW, legendRows } from "./legend.js";
import {
  escapeXml,
  type Fields,
  fields,
  list,
  numberOf,
  px,
  stringOf,
  textElement,
  textWidth,
  wordsOf,
} from "./read.js";
import type { Scale } from "./scale.js";
import { dashAttribute, drawScatter } from "./scatter.js";

export interface SvgFigure {
  readonly data: readonly Fields[];
  readonly layout: Fields;
  readonly alt: string;
}

/** Plotly's default colours, in their order (plotly.js, components/color/attributes.js, `defaults`). */
const DEFAULT_COLOURS = [
  "#1f77b4",
  "#ff7f0e",
  "#2ca02c",
  "#d62728",
  "#9467bd",
  "#8c564b",
  "#e377c2",
  "#7f7f7f",
  "#bcbd22",
  "#17becf",
] as const;

const WIDTH = 860;
const HEIGHT = 450;
const MIN_PLOT = 80;
const INK = "#1f2430";
const TICK_SIZE = 12;
const TITLE_SIZE = 17;

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Returns the figure as an SVG document, its words as the title; null when it holds what is not drawn here
 * (see `undrawable`). The same figure gives the same text.
 */
export function figureSvg({ data, layout, alt }: SvgFigure): string | null {
  if (undrawable({ data, layout }) !== null) return null;
  const traces = data
    .map((trace, index) => ({
      trace,
      colour: ownColour(trace) ?? DEFAULT_COLOURS[index % DEFAULT_COLOURS.length]!,
    }))
    .filter(({ trace }) => trace.visible !== false && trace.visible !== "legendonly");
  const parts = partsOf(traces, layout);
  const width = numberOf(layout.width) ?? WIDTH;
  const title = wordsOf(fields(layout.title).text ?? layout.title);
  const rows = legendRows(traces, layout, width - 40);
  const titleHeight = title === "" ? 12 : TITLE_SIZE + 22;
  const top = titleHeight + rows.length * LEGEND_ROW + 8;
  const margins = marginsOf(parts, { width, layout });
  const height = Math.max(numberOf(layout.height) ?? HEIGHT, top + margins.bottom + MIN_PLOT);
  const frame: Frame = {
    left: margins.left,
    right: width - margins.right,
    top,
    bottom: height - margins.bottom,
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" fill="${INK}">`,
    `<title>${escapeXml(alt)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    title === "" ? "" : textElement(title, { x: 14, y: TITLE_SIZE + 10, size: TITLE_SIZE }),
    ...drawLegend(rows, 20, titleHeight + 6),
    ...plot(parts, { frame, layout }),
    "</svg>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

/** Returns what in a figure has no drawing here, in words; null when all of it can be drawn. */
export function undrawable({ data, layout }: Pick<SvgFigure, "data" | "layout">): string | null {
  for (const trace of data) {
    const type = stringOf(trace.type) ?? "scatter";
    if (type !== "bar" && type !== "scatter") return `a trace of type '${type}'`;
    if (trace.fill !== undefined && trace.fill !== "none") return "a filled area";
    if (trace.stackgroup !== undefined) return "stacked lines";
    if (trace.error_x !== undefined) return "horizontal error bars";
    const shape = fields(trace.line).shape;
    if (shape !== undefined && shape !== "linear" && shape !== "hv")
      return `lines of shape '${String(shape)}'`;
    const colour = fields(trace.marker).color;
    if (typeof colour === "number" || list(colour).some((each) => typeof each === "number"))
      return "a colour scale";
  }
  for (const [key, value] of Object.entries(layout)) {
    if (!/^[xy]axis\d*$/.test(key)) continue;
    const { type, overlaying, side } = fields(value);
    if (type === "date" || type === "multicategory") return `an axis of type '${type}'`;
    if (overlaying !== undefined || side === "right" || side === "top") return "an axis at the far side";
  }
  if (list(layout.shapes).some((shape) => !["line", "rect"].includes(String(fields(shape).type)))) {
    return "a shape other than line and rectangle";
  }
  if (list(layout.annotations).length > 0) return "annotations";
  return null;
}

function ownColour(trace: Fields): string | undefined {
  return stringOf(fields(trace.marker).color) ?? stringOf(fields(trace.line).color);
}

function isHorizontal({ id }: Axis): boolean {
  return id.startsWith("x");
}

function titleOf({ spec }: Axis): string {
  return wordsOf(fields(spec.title).text ?? spec.title);
}

/** Degrees by which the labels of a horizontal axis are turned: as asked for, or when they would collide. */
function turnOf(axis: Axis, scale: Scale): number {
  const asked = numberOf(axis.spec.tickangle);
  if (asked !== undefined) return asked;
  const widest = Math.max(0, ...scale.ticks.map(({ label }) => textWidth(label, TICK_SIZE)));
  return axis.categories !== null && widest > scale.step - 4 ? -30 : 0;
}

interface Sheet {
  readonly width: number;
  readonly layout: Fields;
}

/** Returns the room that labels and titles of the axes need, at least what the layout asks for. */
function marginsOf({ axes }: PlotParts, { width, layout }: Sheet) {
  const margin = fields(layout.margin);
  let left = Math.min(numberOf(margin.l) ?? 80, 80);
  let bottom = 24;
  const right = Math.max(numberOf(margin.r) ?? 24, 24);
  for (const axis of axes.values()) {
    const title = titleOf(axis) === "" ? 0 : 22;
    const scale = scaleOf(axis, { low: 0, high: isHorizontal(axis) ? width - left - right : 300 });
    const widest = Math.max(0, ...scale.ticks.map(({ label }) => textWidth(label, TICK_SIZE)));
    if (!isHorizontal(axis)) {
      left = Math.max(left, widest + title + 14);
      continue;
    }
    const turn = (Math.abs(turnOf(axis, scale)) * Math.PI) / 180;
    bottom = Math.max(bottom, Math.sin(turn) * widest + TICK_SIZE + 14 + title);
    const [first] = scale.ticks;
    if (turn > 0 && first !== undefined)
      left = Math.max(left, Math.cos(turn) * textWidth(first.label, TICK_SIZE) - first.at + 6);
  }
  return { left, right, bottom };
}

interface PlotPlace {
  readonly frame: Frame;
  readonly layout: Fields;
}

function plot(parts: PlotParts, { frame, layout }: PlotPlace): string[] {
  const scales = new Map([...parts.axes].map(([id, axis]) => [id, scaleOf(axis, pixelsOf(axis, frame))]));
  const scaleFor = (id: string): Scale => scales.get(id)!;
  const axes = [...parts.axes.values()].map((axis) => ({ axis, scale: scaleFor(axis.id) }));
  const bars = drawBars(parts.bars, scaleFor);
  const scatters = parts.traces
    .filter(({ trace }) => trace.type !== "bar")
    .map((trace: ColouredTrace) => drawScatter(trace, scaleFor));
  const { left, right, top, bottom } = frame;
  const view = `${px(left)} ${px(top)} ${px(right - left)} ${px(bottom - top)}`;
  // Markers at the edge of the plot are whole; what lies outside of a given range is cut.
  const cut = axes.some(({ axis }) => list(axis.spec.range).length > 0);
  const marks = [
    ...axes.flatMap((each) => gridLines(each, frame)),
    ...bars.marks,
    ...shapes(parts, { frame, layout }, scaleFor),
    ...scatters.flatMap((drawing) => drawing.marks),
  ];
  return [
    ...(cut
      ? [
          `<svg x="${px(left)}" y="${px(top)}" width="${px(right - left)}" height="${px(bottom - top)}" viewBox="${view}" overflow="hidden">`,
          ...marks,
          "</svg>",
        ]
      : marks),
    ...axes.flatMap((each) => axisTexts(each, frame, layout)),
    ...bars.texts,
    ...scatters.flatMap((drawing) => drawing.texts),
  ];
}

function pixelsOf({ id, domain }: Pick<Axis, "id" | "domain">, { left, right, top, bottom }: Frame) {
  const [from, to] = domain;
  return id.startsWith("x")
    ? { low: left + from * (right - left), high: left + to * (right - left) }
    : { low: bottom - from * (bottom - top), high: bottom - to * (bottom - top) };
}

interface ScaledAxis {
  readonly axis: Axis;
  readonly scale: Scale;
}

function gridLines({ axis, scale }: ScaledAxis, { left, right, top, bottom }: Frame): string[] {
  if (axis.spec.showgrid === false || axis.spec.visible === false) return [];
  const line = (at: number, colour: string) => {
    const path = isHorizontal(axis)
      ? `M${px(at)} ${px(top)}V${px(bottom)}`
      : `M${px(left)} ${px(at)}H${px(right)}`;
    return `<path d="${path}" stroke="${colour}" stroke-width="1"/>`;
  };
  const colour = escapeXml(stringOf(axis.spec.gridcolor) ?? "#e6e8ec");
  const zero = axis.categories === null && axis.spec.type !== "log" ? scale.at(0) : null;
  const grid = axis.categories === null ? scale.ticks.map(({ at }) => line(at, colour)) : [];
  const pixels = pixelsOf(axis, { left, right, top, bottom });
  const inside =
    zero !== null &&
    zero >= Math.min(pixels.low, pixels.high) - 1 &&
    zero <= Math.max(pixels.low, pixels.high) + 1;
  return [
    ...grid,
    ...(inside ? [line(zero, escapeXml(stringOf(axis.spec.zerolinecolor) ?? "#c9ced6"))] : []),
  ];
}

function axisTexts({ axis, scale }: ScaledAxis, frame: Frame, layout: Fields): string[] {
  if (axis.spec.visible === false) return [];
  const title = titleOf(axis);
  const labels = axis.spec.showticklabels === false ? [] : scale.ticks;
  if (!isHorizontal(axis)) {
    const widest = Math.max(0, ...labels.map(({ label }) => textWidth(label, TICK_SIZE)));
    const { low, high } = pixelsOf(axis, frame);
    return [
      ...labels.map(({ at, label }) =>
        textElement(label, { x: frame.left - 7, y: at + TICK_SIZE * 0.35, size: TICK_SIZE, anchor: "end" }),
      ),
      ...(title === ""
        ? []
        : [
            textElement(title, {
              x: Math.max(14, frame.left - widest - 18),
              y: (low + high) / 2,
              size: 13,
              anchor: "middle",
              turn: -90,
            }),
          ]),
    ];
  }
  const anchor = stringOf(axis.spec.anchor) ?? "y";
  const [from] = list(fields(layout[layoutKey(anchor)]).domain).map(numberOf);
  const foot = frame.bottom - (from ?? 0) * (frame.bottom - frame.top);
  const turn = turnOf(axis, scale);
  const widest = Math.max(0, ...labels.map(({ label }) => textWidth(label, TICK_SIZE)));
  const fall = Math.sin((Math.abs(turn) * Math.PI) / 180) * widest;
  return [
    ...labels.map(({ at, label }) =>
      textElement(label, {
        x: at,
        y: foot + TICK_SIZE + 5,
        size: TICK_SIZE,
        anchor: turn === 0 ? "middle" : turn < 0 ? "end" : "start",
        turn,
      }),
    ),
    ...(title === ""
      ? []
      : [
          textElement(title, {
            x: (frame.left + frame.right) / 2,
            y: foot + TICK_SIZE + 24 + fall,
            size: 13,
            anchor: "middle",
          }),
        ]),
  ];
}

/** Lines and rectangles of the layout; `paper` counts from 0 to 1 over the whole plot. */
function shapes({ axes }: PlotParts, { frame, layout }: PlotPlace, scales: (id: string) => Scale): string[] {
  return list(layout.shapes).flatMap((raw) => {
    const shape = fields(raw);
    const place = (letter: "x" | "y", end: "0" | "1"): number | null => {
      const ref = stringOf(shape[`${letter}ref`]) ?? letter;
      const value: Json = shape[`${letter}${end}`] ?? null;
      if (ref === "paper" || ref.endsWith(" domain")) {
        const { low, high } = pixelsOf({ id: letter, domain: [0, 1] }, frame);
        return typeof value === "number" ? low + value * (high - low) : null;
      }
      return axes.has(ref) ? scales(ref).at(value) : null;
    };
    const [x0, x1, y0, y1] = [place("x", "0"), place("x", "1"), place("y", "0"), place("y", "1")];
    if (x0 === null || x1 === null || y0 === null || y1 === null) return [];
    const line = fields(shape.line);
    const stroke = `stroke="${escapeXml(stringOf(line.color) ?? "#444")}" stroke-width="${px(numberOf(line.width) ?? 2)}"${dashAttribute(stringOf(line.dash))}`;
    if (shape.type === "line") return [`<path d="M${px(x0)} ${px(y0)}L${px(x1)} ${px(y1)}" ${stroke}/>`];
    const fill = escapeXml(stringOf(shape.fillcolor) ?? "none");
    return [
      `<rect x="${px(Math.min(x0, x1))}" y="${px(Math.min(y0, y1))}" width="${px(Math.abs(x1 - x0))}" height="${px(Math.abs(y1 - y0))}" fill="${fill}" fill-opacity="${px(numberOf(shape.opacity) ?? 1)}" ${stroke}/>`,
    ];
  });
}
