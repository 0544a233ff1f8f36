/**
 * When a figure leaves its trend. A step is the logarithm of a ratio. It counts as far as it leaves both of two
 * trends in the same direction: that of the figure itself, and that of the figure beside what should drive it
 * (weights in the file for ROM, all activations for RAM, multiply-adds for time). The first alone would call a
 * stage of more channels a cliff, the second a padded row that nothing waits for.
 *
 *   channels of a depthwise layer, tool 2.1      33    34    35    36    40     42
 *   kernel in the file (B)                      297   306   315   324   360    378
 *   kernel in the image (B)                     297   306   315   324  2880    378
 *   step beside the file                            0     0     0   2.08  −2.08     36 → 40 is a cliff: C % 8 = 0
 *
 * Counts and yes-or-no figures have no trend: each change of theirs is a step.
 */
import type { CliffFigures, CliffJump, CliffMetric, CliffPoint } from "./record.js";

/** A step smaller than this, relative to the trend, is no cliff. */
export const LEAST_STEP = 0.05;
/** Steps on either side that make the neighbourhood. */
export const NEIGHBOURS = 3;
/** A step must stand out by this many times the median deviation of its neighbours. */
export const DEVIATIONS = 3;
/** A step beyond this is a cliff whatever its neighbours do, and makes no trend for them. */
export const LARGE_STEP = 0.25;

export const CRITERION = `A cliff is a step of ROM, RAM or latency, that leaves the median of the ${NEIGHBOURS} steps on either side by more than ${LEAST_STEP * 100} % and ${DEVIATIONS} of their median deviations, or by more than ${LARGE_STEP * 100} %, both by itself and beside the growth of weights, activations or multiply-adds; any change in the number of epochs, hybrid or software epochs; an activation that outgrows a bank or the chip; the value at which no plan is found any more.`;

type Measure = (figures: CliffFigures) => number;

/** Figures that grow, and what drives their growth. */
export const GROWING: Readonly<Partial<Record<CliffMetric, { figure: Measure; driver: Measure }>>> = {
  rom: { figure: ({ romBytes }) => romBytes, driver: ({ sourceBytes }) => sourceBytes },
  ram: { figure: ({ ramBytes }) => ramBytes, driver: ({ activationBytes }) => activationBytes },
  latency: { figure: ({ ms }) => ms, driver: ({ macs }) => macs },
};

/** Figures whose every change counts. `bank` is the size of one, in bytes. */
const COUNTED: Readonly<Partial<Record<CliffMetric, (figures: CliffFigures, bank: number) => number>>> = {
  epochs: ({ epochs }) => epochs,
  hybrid: ({ hybrid }) => hybrid,
  sw: ({ sw }) => sw,
  bank: ({ largestBytes }, bank) => Number(largestBytes > bank),
  external: ({ externalBytes }) => Number(externalBytes > 0),
};

export const METRICS: readonly CliffMetric[] = [
  "rom",
  "ram",
  "latency",
  "epochs",
  "hybrid",
  "sw",
  "bank",
  "external",
  "fits",
];

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const growth = (from: number, to: number) => (from > 0 && to > 0 ? Math.log(to / from) : 0);

interface Step {
  /** Growth of the figure itself, and beyond the growth of its driver. */
  readonly own: number;
  readonly beside: number;
}

function stepOf(metric: CliffMetric, a: CliffFigures, b: CliffFigures): Step {
  const growing = GROWING[metric];
  if (!growing) return { own: 0, beside: 0 };
  const own = growth(growing.figure(a), growing.figure(b));
  return { own, beside: own - growth(growing.driver(a), growing.driver(b)) };
}

/** What a step of a metric is held against: the neighbours' medians, and how far a step must leave them. */
export interface Trend extends Step {
  readonly tolerance: number;
}

/**
 * Returns the trend of a metric around the step from `points[index]` to the next. Points that failed and large
 * steps are left out. Without neighbours the driver alone is the trend.
 */
export function trendAround(metric: CliffMetric, points: readonly CliffPoint[], index: number): Trend {
  const steps: Step[] = [];
  for (let at = index - NEIGHBOURS; at <= index + NEIGHBOURS; at++) {
    const [a, b] = [points[at]?.figures, points[at + 1]?.figures];
    if (at === index || !a || !b) continue;
    const step = stepOf(metric, a, b);
    if (Math.abs(step.beside) <= Math.log1p(LARGE_STEP)) steps.push(step);
  }
  const beside = median(steps.map((step) => step.beside));
  const deviation = median(steps.map((step) => Math.abs(step.beside - beside)));
  const [a, b] = [points[index]?.figures, points[index + 1]?.figures];
  const driven = a && b ? stepOf(metric, a, b) : { own: 0, beside: 0 };
  return {
    own: steps.length > 0 ? median(steps.map((step) => step.own)) : driven.own - driven.beside,
    beside,
    tolerance: Math.min(Math.log1p(LARGE_STEP), Math.max(Math.log1p(LEAST_STEP), DEVIATIONS * deviation)),
  };
}

/** The trend over a part of a step that is known to leave it: only how much of the jump is in the part counts. */
export function partOf({ own, beside }: Trend, share: number): Trend {
  return { own: own * share, beside: beside * share, tolerance: Math.log1p(LEAST_STEP) };
}

/** Returns how far a step leaves both trends: the lesser of the two, 0 where they disagree. */
function excessOf({ own, beside }: Step, trend: Trend): number {
  const [a, b] = [own - trend.own, beside - trend.beside];
  if (Math.sign(a) !== Math.sign(b)) return 0;
  return Math.abs(a) < Math.abs(b) ? a : b;
}

/** Returns the size of a jump, signed, so that parts of it can be compared: a logarithm, or a count. */
export function sizeOf({ metric, before, after, expected }: CliffJump): number {
  return GROWING[metric] ? growth(expected, after) : after - before;
}

/** Returns the jump of a metric between two points, or null where it keeps to its trend. */
export function jumpOf(
  metric: CliffMetric,
  a: CliffPoint,
  b: CliffPoint,
  { trend, bank }: { readonly trend: Trend; readonly bank: number },
): CliffJump | null {
  if (metric === "fits") {
    const [before, after] = [Number(a.figures !== null), Number(b.figures !== null)];
    return before === after ? null : { metric, before, after, expected: before };
  }
  if (!a.figures || !b.figures) return null;
  const counted = COUNTED[metric];
  if (counted) {
    const [before, after] = [counted(a.figures, bank), counted(b.figures, bank)];
    return before === after ? null : { metric, before, after, expected: before };
  }
  const { figure } = GROWING[metric]!;
  const [before, after] = [figure(a.figures), figure(b.figures)];
  const excess = excessOf(stepOf(metric, a.figures, b.figures), trend);
  if (Math.abs(excess) <= trend.tolerance) return null;
  return { metric, before, after, expected: after / Math.exp(excess) };
}
