/**
 * Learns the factors of the latency model from published figures of whole networks, and how wrong the model is
 * on families it has not seen. Pure: rows in, calibration out.
 *
 * A row says, for each epoch of one network, how long the NPU is busy and how long its parameters stream, both
 * before any factor. With factors f the network takes
 *
 *   Σ max(f.npu · busy, f.stream · streaming)  +  f.epoch · epochs  +  timed CPU  +  f.untimed · other CPU
 *
 * The fit makes relative errors small in the least-absolute sense (one odd row does not bend it): weighted
 * least squares, weights and slower resource of each epoch renewed until they settle, no factor below zero.
 *
 * What the errors on left-out families do not show: the constants per epoch come from one MobileNetV2, which
 * is kin to four of the families; the rates of softmax and bilinear resize were settled with the two SSD
 * families in view; and networks with many software epochs (transformers, float islands) are not among the
 * rows at all.
 *
 * Example: two networks of one epoch each, busy 1 ms and 2 ms, measured 1.11 and 2.21: npu = 1.1 and 10 us
 * per epoch explain both.
 */
import { LabError } from "../errors.js";
import type { CostFactors } from "./factors.js";
import { NEUTRAL_FACTORS } from "./factors.js";

export interface LatencyRow {
  /** Of the table it was published in. */
  readonly key: string;
  readonly family: string;
  readonly network: string;
  readonly tool: string;
  readonly measuredMs: number;
  readonly source: string;
  /** Why the figure may not be what it seems; such rows are judged, but not learnt from. */
  readonly suspect?: string;
  /** Milliseconds that the NPU is busy in each hardware or hybrid epoch, before factors. */
  readonly busyMs: readonly number[];
  /** Milliseconds that the parameters of the same epochs stream, before factors. */
  readonly streamMs: readonly number[];
  /** CPU time of operators that board runs timed; no factor applies. */
  readonly timedMs: number;
  /** CPU time of the others and of preparing hybrid epochs, before the factor. */
  readonly untimedMs: number;
}

/** Returns what the model says of a row. */
export function predictRow(row: LatencyRow, factors: CostFactors): number {
  const { npu, stream, untimed, epochMicroseconds } = factors;
  let total = row.timedMs + row.untimedMs * untimed + (row.busyMs.length * epochMicroseconds) / 1000;
  for (const [index, busy] of row.busyMs.entries()) {
    total += Math.max(busy * npu, row.streamMs[index]! * stream);
  }
  return total;
}

/** The times that each factor multiplies, in the order of `CostFactors`. */
function columns(row: LatencyRow, factors: CostFactors): readonly number[] {
  let busySum = 0;
  let streamSum = 0;
  for (const [index, busy] of row.busyMs.entries()) {
    const streaming = row.streamMs[index]!;
    if (busy * factors.npu >= streaming * factors.stream) busySum += busy;
    else streamSum += streaming;
  }
  return [busySum, streamSum, row.untimedMs, row.busyMs.length / 1000];
}

/** Returns x of Ax = b by Gauss–Jordan with pivoting; null when A is singular. A is small. */
function solveLinear(a: readonly (readonly number[])[], b: readonly number[]): number[] | null {
  const n = b.length;
  const rows = a.map((row, index) => [...row, b[index]!]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const lead = rows[column]![column]!;
    if (Math.abs(lead) < 1e-12) return null;
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const share = rows[row]![column]! / lead;
      for (let k = column; k <= n; k++) rows[row]![k]! -= share * rows[column]![k]!;
    }
  }
  return rows.map((row, index) => row[n]! / row[index]!);
}

/** What a factor is before any row speaks, and how many rows' weight that opinion has. */
const PRIOR: readonly (readonly [value: number, weight: number])[] = [
  [NEUTRAL_FACTORS.npu, 0.05],
  [NEUTRAL_FACTORS.stream, 0.05],
  [NEUTRAL_FACTORS.untimed, 0.05],
  // In microseconds: a step of one says little.
  [NEUTRAL_FACTORS.epochMicroseconds, 1e-6],
];

/**
 * Returns the non-negative x that brings Ax nearest to `targets` under the weights of the rows, drawn slightly
 * to the prior so that a factor which no row shows stays where it was. A column goes out while it is negative.
 */
function nonNegative(
  a: readonly (readonly number[])[],
  targets: readonly number[],
  weights: readonly number[],
): number[] {
  let active = PRIOR.map((_, column) => column);
  for (;;) {
    const products = active.map((i) =>
      active.map((j) => {
        const ridge = i === j ? PRIOR[i]![1] : 0;
        return a.reduce((sum, row, r) => sum + weights[r]! * row[i]! * row[j]!, ridge);
      }),
    );
    const right = active.map((i) =>
      a.reduce((sum, row, r) => sum + weights[r]! * row[i]! * targets[r]!, PRIOR[i]![0] * PRIOR[i]![1]),
    );
    const solution = solveLinear(products, right) ?? active.map((column) => PRIOR[column]![0]);
    const worst = solution.reduce((low, value, index) => (value < solution[low]! ? index : low), 0);
    if (solution[worst]! >= 0) {
      const full = PRIOR.map(() => 0);
      for (const [index, column] of active.entries()) full[column] = solution[index]!;
      return full;
    }
    active = active.filter((_, index) => index !== worst);
    if (active.length === 0) return PRIOR.map(() => 0);
  }
}

const FIT_ROUNDS = 30;

/** Relative errors below this count alike: published figures are rounded, and nets of one family repeat. */
const ERROR_FLOOR = 0.03;

/** Returns the factors that fit the rows best; throws a LabError when there are fewer rows than factors. */
export function fitFactors(rows: readonly LatencyRow[]): CostFactors {
  if (rows.length < 4) {
    throw new LabError({
      code: "CALIBRATION",
      message: `Cannot calibrate latency: ${rows.length} rows are given, expected at least 4`,
    });
  }
  let factors: CostFactors = NEUTRAL_FACTORS;
  const targets = rows.map((row) => 1 - row.timedMs / row.measuredMs);
  let weights = rows.map(() => 1);
  for (let round = 0; round < FIT_ROUNDS; round++) {
    const a = rows.map((row) => columns(row, factors).map((value) => value / row.measuredMs));
    const [npu, stream, untimed, epochMicroseconds] = nonNegative(a, targets, weights) as [
      number,
      number,
      number,
      number,
    ];
    factors = { npu, stream, untimed, epochMicroseconds };
    weights = rows.map((row) => {
      const error = Math.abs(predictRow(row, factors) / row.measuredMs - 1);
      return 1 / Math.max(error, ERROR_FLOOR);
    });
  }
  return factors;
}

export interface Residual {
  readonly row: LatencyRow;
  readonly predictedMs: number;
  /** measured ÷ predicted. */
  readonly ratio: number;
}

/** Returns for each row what a fit without its family predicts. */
export function leaveOneFamilyOut(rows: readonly LatencyRow[]): readonly Residual[] {
  const byFamily = new Map<string, CostFactors>();
  return rows.map((row) => {
    let factors = byFamily.get(row.family);
    if (!factors) {
      factors = fitFactors(
        rows.filter((other) => other.family !== row.family && other.suspect === undefined),
      );
      byFamily.set(row.family, factors);
    }
    const predictedMs = predictRow(row, factors);
    return { row, predictedMs, ratio: row.measuredMs / predictedMs };
  });
}

export interface Accuracy {
  readonly rows: number;
  /** Mean and median of |predicted − measured| ÷ measured. */
  readonly meanError: number;
  readonly medianError: number;
  readonly within10: number;
  readonly within25: number;
}

export function accuracyOf(residuals: readonly Residual[]): Accuracy {
  const errors = residuals.map(({ ratio }) => Math.abs(1 / ratio - 1)).sort((a, b) => a - b);
  const count = errors.length;
  const share = (limit: number) => errors.filter((error) => error <= limit).length / count;
  return {
    rows: count,
    meanError: errors.reduce((sum, error) => sum + error, 0) / count,
    medianError: quantile(errors, 0.5),
    within10: share(0.1),
    within25: share(0.25),
  };
}

/** Returns the value below which `share` of the sorted values lie, between neighbours by proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = Math.min(Math.max(share, 0), 1) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

export interface Interval {
  /** measured ÷ predicted. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

const INTERVAL_SHARE = 0.8;

/** Points at which the ratios of one family are read, so that each family counts the same. */
const POINTS_PER_FAMILY = 50;

/** How much wider than the residuals themselves an interval may have to be, and in which steps it is sought. */
const MAX_WIDENING = 4;
const WIDENING_STEP = 0.05;

function byFamily(residuals: readonly Residual[]): ReadonlyMap<string, readonly number[]> {
  const ratios = new Map<string, number[]>();
  for (const { row, ratio } of residuals) {
    const list = ratios.get(row.family);
    if (list) list.push(ratio);
    else ratios.set(row.family, [ratio]);
  }
  for (const list of ratios.values()) list.sort((a, b) => a - b);
  return ratios;
}

function intervalOf(families: Iterable<readonly number[]>, widening: number): Interval {
  const points = [...families]
    .flatMap((sorted) =>
      Array.from({ length: POINTS_PER_FAMILY }, (_, index) =>
        quantile(sorted, (index + 0.5) / POINTS_PER_FAMILY),
      ),
    )
    .sort((a, b) => a - b);
  const tail = (1 - INTERVAL_SHARE) / 2;
  const middle = Math.log(quantile(points, 0.5));
  const widened = (share: number) =>
    Math.exp(middle + (Math.log(quantile(points, share)) - middle) * widening);
  return { lowRatio: widened(tail), highRatio: widened(1 - tail) };
}

/** Returns the share of a family's rows that an interval learnt from the others holds, averaged over families. */
function coverageOf(ratios: ReadonlyMap<string, readonly number[]>, widening: number): number {
  let total = 0;
  for (const [family, own] of ratios) {
    const others = [...ratios].filter(([name]) => name !== family).map(([, list]) => list);
    const { lowRatio, highRatio } = intervalOf(others, widening);
    total += own.filter((ratio) => ratio >= lowRatio && ratio <= highRatio).length / own.length;
  }
  return total / ratios.size;
}

/**
 * Returns the narrowest interval that would have held 80 % of each unseen family, had it been learnt from the
 * others, and the share it would have held. Families count alike, however many networks they publish.
 */
export function learnInterval(residuals: readonly Residual[]): { interval: Interval; coverage: number } {
  const ratios = byFamily(residuals);
  let widening = 1;
  while (widening < MAX_WIDENING && coverageOf(ratios, widening) < INTERVAL_SHARE) widening += WIDENING_STEP;
  return { interval: intervalOf(ratios.values(), widening), coverage: coverageOf(ratios, widening) };
}

export interface Calibration {
  readonly factors: CostFactors;
  readonly interval: Interval;
  /** Share of rows of an unseen family that the interval holds. */
  readonly coverage: number;
  readonly rows: number;
  readonly families: number;
  /** Largest share of its time that any of the rows spends on the CPU. */
  readonly cpuShare: number;
  /** On families left out, all rows but the suspect ones. */
  readonly accuracy: Accuracy;
  /** The same with the suspect rows. */
  readonly accuracyWithSuspects: Accuracy;
}

/** Returns factors, interval and accuracy; suspect rows are judged but teach nothing. */
export function calibrate(rows: readonly LatencyRow[]): Calibration {
  const sound = rows.filter(({ suspect }) => suspect === undefined);
  const factors = fitFactors(sound);
  const cpuTime = ({ timedMs, untimedMs }: LatencyRow) => timedMs + factors.untimed * untimedMs;
  const residuals = leaveOneFamilyOut(rows);
  const soundResiduals = residuals.filter(({ row }) => row.suspect === undefined);
  return {
    factors,
    ...learnInterval(soundResiduals),
    rows: sound.length,
    families: new Set(sound.map(({ family }) => family)).size,
    cpuShare: Math.max(...sound.map((row) => cpuTime(row) / predictRow(row, factors))),
    accuracy: accuracyOf(soundResiduals),
    accuracyWithSuspects: accuracyOf(residuals),
  };
}
