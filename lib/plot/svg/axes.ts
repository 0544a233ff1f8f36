/** Axes: the values that lie on each, the range that shows them all, and the scale that follows. */
import type { Json } from "../../display.js";
import { type Bar, type ColouredTrace, layBars } from "./bars.js";
import { type Fields, fields, itemOf, list, numberOf, stringOf } from "./read.js";
import { categoryScale, linearScale, logScale, type Pixels, type Scale } from "./scale.js";
import { modeOf } from "./scatter.js";

export interface Axis {
  /** `x`, `y2`, as traces call it. */
  readonly id: string;
  readonly spec: Fields;
  readonly domain: readonly [number, number];
  /** Strings make categories; their order is that of the figure. */
  readonly categories: readonly string[] | null;
  readonly numbers: readonly number[];
  /** Bars end here: zero and room for the texts at their ends belong to the range. */
  readonly hasBarEnds: boolean;
  /** Bars stand here; their distance. */
  readonly barUnit: number | null;
}

export interface PlotParts {
  readonly traces: readonly ColouredTrace[];
  readonly bars: readonly Bar[];
  readonly axes: ReadonlyMap<string, Axis>;
}

/** Returns the name under which the layout speaks of an axis: `y2` → `yaxis2`. */
export function layoutKey(id: string): string {
  return `${id.slice(0, 1)}axis${id.slice(1)}`;
}

export function partsOf(traces: readonly ColouredTrace[], layout: Fields): PlotParts {
  const mode = stringOf(layout.barmode);
  const bars = layBars(
    traces,
    mode === "stack" || mode === "relative" || mode === "overlay" ? mode : "group",
  );
  const ids = new Set(
    traces.flatMap(({ trace }) => [stringOf(trace.xaxis) ?? "x", stringOf(trace.yaxis) ?? "y"]),
  );
  const axes = new Map([...ids].map((id) => [id, axisOf(id, { traces, bars, layout })]));
  return { traces, bars, axes };
}

interface Source {
  readonly traces: readonly ColouredTrace[];
  readonly bars: readonly Bar[];
  readonly layout: Fields;
}

function axisOf(id: string, { traces, bars, layout }: Source): Axis {
  const spec = fields(layout[layoutKey(id)]);
  const positions = bars.filter((bar) => (bar.upright ? bar.xaxis : bar.yaxis) === id);
  const ends = bars.filter((bar) => (bar.upright ? bar.yaxis : bar.xaxis) === id);
  const values: Json[] = [...positions.map(({ position }) => position)];
  for (const { from, to } of ends) values.push(to, ...(from === null ? [] : [from]));
  for (const { trace } of traces) {
    if (trace.type === "bar") {
      // Positions without a value keep their place.
      const along = trace.orientation === "h" ? ["y", trace.y, trace.yaxis] : ["x", trace.x, trace.xaxis];
      if ((stringOf(along[2]) ?? along[0]) === id) values.push(...list(along[1]));
      continue;
    }
    if ((stringOf(trace.xaxis) ?? "x") === id)
      values.push(...(list(trace.x).length > 0 ? list(trace.x) : list(trace.y).map((_, index) => index)));
    if ((stringOf(trace.yaxis) ?? "y") === id) values.push(...list(trace.y), ...errorEnds(trace));
  }
  for (const shape of list(layout.shapes).map(fields)) {
    const letter = id.slice(0, 1);
    if ((stringOf(shape[`${letter}ref`]) ?? letter) === id)
      values.push(shape[`${letter}0`] ?? null, shape[`${letter}1`] ?? null);
  }
  const isCategory = spec.type === "category" || values.some((value) => typeof value === "string");
  const numbers = values.filter((value) => typeof value === "number" && Number.isFinite(value)) as number[];
  const distinct = [...new Set(positions.map(({ position }) => Number(position)))].sort((a, b) => a - b);
  const gaps = distinct.slice(1).map((value, index) => value - distinct[index]!);
  const [low, high] = list(spec.domain).map(numberOf);
  return {
    id,
    spec,
    domain: [low ?? 0, high ?? 1],
    categories: isCategory ? categoriesOf(values, spec) : null,
    numbers,
    hasBarEnds: ends.length > 0,
    barUnit: positions.length === 0 ? null : gaps.length === 0 ? 1 : Math.min(...gaps),
  };
}

function errorEnds(trace: Fields): number[] {
  const error = fields(trace.error_y);
  return list(trace.y).flatMap((value, index) => {
    if (typeof value !== "number") return [];
    const above = numberOf(itemOf(error.array, index)) ?? 0;
    const below = error.symmetric === false ? (numberOf(itemOf(error.arrayminus, index)) ?? 0) : above;
    return [value + above, value - below];
  });
}

function categoriesOf(values: readonly Json[], spec: Fields): string[] {
  const listed = spec.categoryorder === "array" ? list(spec.categoryarray).map(String) : [];
  const found = values.filter((value) => value !== null).map(String);
  return [...new Set([...listed, ...found])];
}

/** Room beyond the outermost value, of the span. */
const PAD = 0.05;

/** Returns the scale of an axis on the given pixels; `reversed` and an explicit `range` are followed. */
export function scaleOf(axis: Axis, pixels: Pixels): Scale {
  const { spec, categories } = axis;
  const place: Pixels = spec.autorange === "reversed" ? { low: pixels.high, high: pixels.low } : pixels;
  if (categories !== null) return categoryScale({ categories, pixels: place });
  const [from, to] = list(spec.range).map(numberOf);
  const given = from !== undefined && to !== undefined && from !== to ? ([from, to] as const) : null;
  if (spec.type === "log") {
    return logScale({ exponents: given ?? logRange(axis), pixels: place, dtick: spec.dtick });
  }
  return linearScale({
    range: given ?? linearRange(axis),
    pixels: place,
    dtick: numberOf(spec.dtick),
    unit: axis.barUnit ?? 1,
  });
}

function logRange({ numbers, hasBarEnds }: Axis): [number, number] {
  const exponents = numbers.filter((value) => value > 0).map(Math.log10);
  if (exponents.length === 0) return [0, 1];
  const least = Math.min(...exponents);
  const most = Math.max(...exponents);
  const span = Math.max(most - least, 0.2);
  // Bars need a foot: they begin at the power of ten below the shortest.
  return [
    hasBarEnds ? Math.floor(least - 0.02) : least - PAD * span,
    most + (hasBarEnds ? 2 : 1) * PAD * span,
  ];
}

function linearRange({ numbers, spec, hasBarEnds, barUnit }: Axis): [number, number] {
  const wide = hasBarEnds || spec.rangemode === "tozero";
  const all = wide ? [0, ...numbers] : numbers;
  if (all.length === 0) return [0, 1];
  const least = all.reduce((a, b) => Math.min(a, b));
  const most = all.reduce((a, b) => Math.max(a, b));
  if (barUnit !== null) return [least - barUnit / 2, most + barUnit / 2];
  const span = most - least || Math.abs(most) || 1;
  const pad = (hasBarEnds ? 1.6 : 1) * PAD * span;
  return [wide && least === 0 ? 0 : least - pad, wide && most === 0 ? 0 : most + pad];
}

/** Returns whether a trace draws markers at its points; the legend shows a dot then. */
export function hasMarkers(coloured: ColouredTrace): boolean {
  return coloured.trace.type !== "bar" && modeOf(coloured).includes("markers");
}
