/**
 * From the values of an axis to pixels.
 *
 *     linear, 0…30 on pixels 100…400:   at(10) = 200, ticks 0, 10, 20, 30
 *     log, 1…100 on pixels 0…200:       at(10) = 100, ticks 1, 10, 100
 *     category, a b c on pixels 0…300:  at("b") = 150, step 100
 */
import type { Json } from "../../display.js";

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Scale {
  /** Returns the pixel of a value; null for what has no place on this axis. */
  at(value: Json): number | null;
  readonly ticks: readonly Tick[];
  /** Pixels that one category takes, or one position of bars on a numeric axis. */
  readonly step: number;
  /** Where bars begin: at zero or, where zero has no place, at the low end. */
  readonly origin: number;
}

export interface Pixels {
  /** Where the low end lies; the high end may lie left of or below it. */
  readonly low: number;
  readonly high: number;
}

const TARGET_TICKS = 6;

/** Returns 1, 2 or 5 times a power of ten, such that about six steps fill the span. */
export function niceStep(span: number): number {
  const raw = span / TARGET_TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10) * power;
}

function numberLabel(value: number, step: number): string {
  const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: decimals }).format(value === 0 ? 0 : value);
}

export interface LinearScaleOptions {
  readonly range: readonly [number, number];
  readonly pixels: Pixels;
  /** Distance of the ticks in values. */
  readonly dtick?: number | undefined;
  /** Distance of two neighbouring bars in values. */
  readonly unit?: number;
}

/** Labels nearer to each other than this, in pixels, run into each other. */
const MIN_TICK_PIXELS = 14;

export function linearScale({ range, pixels, dtick, unit = 1 }: LinearScaleOptions): Scale {
  const [from, to] = range;
  const factor = (pixels.high - pixels.low) / (to - from);
  const at = (value: Json) =>
    typeof value === "number" && Number.isFinite(value) ? pixels.low + (value - from) * factor : null;
  const [least, most] = [Math.min(from, to), Math.max(from, to)];
  const usable = dtick !== undefined && dtick > 0 && Math.abs(dtick * factor) >= MIN_TICK_PIXELS;
  const step = usable ? dtick : niceStep(most - least);
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  const ticks = Array.from({ length: Math.max(0, count) }, (_, index) => {
    const value = (first + index) * step;
    return { at: at(value)!, label: numberLabel(value, step) };
  });
  return {
    at,
    ticks,
    step: Math.abs(unit * factor),
    origin: least <= 0 && most >= 0 ? at(0)! : pixels.low,
  };
}

export interface LogScaleOptions {
  /** Powers of ten, as Plotly has it: `[0, 2]` is 1 to 100. */
  readonly exponents: readonly [number, number];
  readonly pixels: Pixels;
  /** Plotly's distance of ticks: `1` for powers of ten, `D1` for each digit, `D2` for 1, 2 and 5. */
  readonly dtick?: Json | undefined;
}

export function logScale({ exponents, pixels, dtick }: LogScaleOptions): Scale {
  const [from, to] = exponents;
  const factor = (pixels.high - pixels.low) / (to - from);
  const at = (value: Json) =>
    typeof value === "number" && value > 0 ? pixels.low + (Math.log10(value) - from) * factor : null;
  const [least, most] = [Math.min(from, to), Math.max(from, to)];
  const every = typeof dtick === "number" && dtick >= 1 ? Math.round(dtick) : 1;
  const decades = most - least;
  const digits =
    dtick === "D1"
      ? [1, 2, 3, 4, 5, 6, 7, 8, 9]
      : dtick === "D2" || (typeof dtick !== "number" && decades < 2)
        ? [1, 2, 5]
        : [1];
  const ticks: Tick[] = [];
  for (let power = Math.floor(least); power <= Math.ceil(most); power++) {
    if (power % every !== 0) continue;
    for (const digit of digits) {
      const exponent = power + Math.log10(digit);
      if (exponent < least - 1e-9 || exponent > most + 1e-9) continue;
      const value = digit * 10 ** power;
      ticks.push({ at: pixels.low + (exponent - from) * factor, label: numberLabel(value, 10 ** power) });
    }
  }
  return { at, ticks, step: Math.abs(factor), origin: pixels.low };
}

export interface CategoryScaleOptions {
  /** From the low end to the high one. */
  readonly categories: readonly string[];
  readonly pixels: Pixels;
}

export function categoryScale({ categories, pixels }: CategoryScaleOptions): Scale {
  const step = (pixels.high - pixels.low) / Math.max(1, categories.length);
  const places = new Map(categories.map((name, index) => [name, pixels.low + (index + 0.5) * step]));
  return {
    at: (value) => places.get(String(value)) ?? null,
    ticks: [...places].map(([label, at]) => ({ at, label })),
    step: Math.abs(step),
    origin: pixels.low,
  };
}
