/** Bars: where each begins and ends in values, beside or on top of each other, and how it is drawn. */
import type { Json } from "../../display.js";
import {
  escapeXml,
  type Fields,
  fields,
  itemOf,
  list,
  numberOf,
  px,
  stringOf,
  textElement,
  textWidth,
  wordsOf,
} from "./read.js";
import type { Scale } from "./scale.js";

export interface Bar {
  /** Upright bars stand on the x axis. */
  readonly upright: boolean;
  readonly xaxis: string;
  readonly yaxis: string;
  /** Category or number along the axis that the bars stand on. */
  readonly position: Json;
  /** Values between which the bar lies; `from` is null where it begins at the axis. */
  readonly from: number | null;
  readonly to: number;
  /** Of the bars that share a position, this is number `slot` of `slots`. */
  readonly slot: number;
  readonly slots: number;
  readonly colour: string;
  readonly opacity: number;
  readonly outline: { readonly colour: string; readonly width: number } | null;
  readonly text: string;
  readonly textposition: string;
}

export interface ColouredTrace {
  readonly trace: Fields;
  readonly colour: string;
}

export type BarMode = "group" | "stack" | "relative" | "overlay";

/**
 * Lays out the bars of all traces. Stacked ones begin where the last at their position ended, upwards for
 * positive and downwards for negative values.
 *
 *     stack  a: 2, b: 3   ->  a from 0 to 2, b from 2 to 5
 *     group  a: 2, b: 3   ->  both from the axis, slots 0 and 1 of 2
 */
export function layBars(traces: readonly ColouredTrace[], mode: BarMode): Bar[] {
  const bars = traces.filter(({ trace }) => trace.type === "bar");
  const heights = new Map<string, number>();
  const groupOf = ({ trace }: ColouredTrace) =>
    `${stringOf(trace.xaxis) ?? "x"} ${stringOf(trace.yaxis) ?? "y"}`;
  return bars.flatMap((coloured) => {
    const { trace, colour } = coloured;
    const group = bars.filter((other) => groupOf(other) === groupOf(coloured));
    const upright = trace.orientation !== "h";
    const values = list(upright ? trace.y : trace.x);
    const positions = list(upright ? trace.x : trace.y);
    const marker = fields(trace.marker);
    const line = fields(marker.line);
    return values.flatMap((raw, index): Bar[] => {
      const value = numberOf(raw);
      if (value === undefined) return [];
      const position = positions.length > 0 ? (positions[index] ?? null) : index;
      const base = numberOf(itemOf(trace.base, index));
      let from: number | null = base ?? null;
      if (base === undefined && (mode === "stack" || mode === "relative")) {
        const key = `${groupOf(coloured)} ${value < 0 ? "-" : "+"} ${String(position)}`;
        from = heights.get(key) ?? 0;
        heights.set(key, from + value);
      }
      const lineWidth = numberOf(itemOf(line.width, index)) ?? 0;
      return [
        {
          upright,
          xaxis: stringOf(trace.xaxis) ?? "x",
          yaxis: stringOf(trace.yaxis) ?? "y",
          position,
          from,
          to: (from ?? 0) + value,
          slot: mode === "group" ? group.indexOf(coloured) : 0,
          slots: mode === "group" ? group.length : 1,
          colour: stringOf(itemOf(marker.color, index)) ?? colour,
          opacity: numberOf(itemOf(marker.opacity, index)) ?? numberOf(trace.opacity) ?? 1,
          outline:
            lineWidth > 0
              ? { colour: stringOf(itemOf(line.color, index)) ?? "#444", width: lineWidth }
              : null,
          text: wordsOf(itemOf(trace.text, index)),
          textposition: stringOf(trace.textposition) ?? "auto",
        },
      ];
    });
  });
}

/** Of the room between two positions, bars take this much; Plotly's default gap is 0.2. */
const FILLED = 0.8;
const TEXT_SIZE = 11;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is cut at the edges of its panel, and the texts, which are not. */
export interface Drawing {
  readonly marks: readonly string[];
  readonly texts: readonly string[];
}

export function drawBars(bars: readonly Bar[], scales: (axis: string) => Scale): Drawing {
  const boxes = bars.flatMap((bar) => {
    const along = scales(bar.upright ? bar.xaxis : bar.yaxis);
    const up = scales(bar.upright ? bar.yaxis : bar.xaxis);
    const middle = along.at(bar.position);
    const end = up.at(bar.to);
    if (middle === null || end === null) return [];
    const start = bar.from === null ? up.origin : (up.at(bar.from) ?? up.origin);
    const width = (along.step * FILLED) / bar.slots;
    // On an upright axis the low end lies at the bottom: the first of a group stands at the top when reversed.
    const side = bar.upright ? 1 : sideOf(along);
    const edge = middle + side * (bar.slot - bar.slots / 2) * width - (side < 0 ? width : 0);
    const least = Math.min(start, end);
    // A change too small for a pixel is a line, not nothing.
    const most = Math.max(start, end, bar.to === bar.from || bar.to === 0 ? least : least + 1);
    const box: Box = bar.upright
      ? { x: edge, y: least, width, height: most - least }
      : { x: least, y: edge, width: most - least, height: width };
    return [
      { bar, box, end, forward: end === start ? bar.to >= 0 : bar.upright ? end < start : end > start },
    ];
  });
  return {
    marks: boxes.map(({ bar, box }) => barElement(bar, box)),
    texts: boxes.flatMap(({ bar, box, end, forward }) => barText(bar, box, end, forward)),
  };
}

/** Returns whether the first of several bars lies below (−1) or above (1) the others on a vertical axis. */
function sideOf(scale: Scale): 1 | -1 {
  const [first, second] = scale.ticks;
  return first !== undefined && second !== undefined && second.at > first.at ? 1 : -1;
}

function barElement({ colour, opacity, outline }: Bar, { x, y, width, height }: Box): string {
  const faint = opacity < 1 ? ` fill-opacity="${px(opacity)}"` : "";
  const line = outline ? ` stroke="${escapeXml(outline.colour)}" stroke-width="${px(outline.width)}"` : "";
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" fill="${escapeXml(colour)}"${faint}${line}/>`;
}

function barText(bar: Bar, box: Box, end: number, forward: boolean): string[] {
  const { text, textposition, upright } = bar;
  if (text === "" || textposition === "none") return [];
  const long = textWidth(text, TEXT_SIZE);
  const fits = upright
    ? box.width >= long && box.height >= TEXT_SIZE + 6
    : box.width >= long + 8 && box.height >= TEXT_SIZE;
  const inside = textposition === "inside" || (textposition === "auto" && fits);
  if (inside) {
    const colour = isDark(bar.colour) ? "#ffffff" : "#1f2430";
    const x = upright ? box.x + box.width / 2 : forward ? end - 5 : end + 5;
    const y = upright ? (forward ? end + TEXT_SIZE + 3 : end - 5) : box.y + box.height / 2 + TEXT_SIZE * 0.35;
    const anchor = upright ? "middle" : forward ? "end" : "start";
    return [textElement(text, { x, y, size: TEXT_SIZE, anchor, colour })];
  }
  if (!upright) {
    const y = box.y + box.height / 2 + TEXT_SIZE * 0.35;
    const x = forward ? end + 5 : end - 5;
    return [textElement(text, { x, y, size: TEXT_SIZE, anchor: forward ? "start" : "end" })];
  }
  const x = box.x + box.width / 2;
  // A text wider than its bar would run into its neighbours': it stands upright then.
  if (bar.slots > 1 && long > box.width + 2) {
    const y = forward ? end - 4 : end + 4;
    const anchor = forward ? "start" : "end";
    return [textElement(text, { x: x + TEXT_SIZE * 0.35, y, size: TEXT_SIZE, anchor, turn: -90 })];
  }
  const y = forward ? end - 4 : end + TEXT_SIZE + 3;
  return [textElement(text, { x, y, size: TEXT_SIZE, anchor: "middle" })];
}

/** Returns whether white text reads better on a colour than black; colours not written `#rrggbb` count as dark. */
function isDark(colour: string): boolean {
  const digits = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (digits === null) return true;
  const [red, green, blue] = digits.slice(1).map((pair) => Number.parseInt(pair, 16) / 255);
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue! < 0.55;
}
