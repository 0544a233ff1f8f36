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
 * is kin to three of the families; the rates of softmax and bilinear resize were settled with the two SSD
 * families in view, two units for 3x3 layers with the detectors, and the CPU's loop over enlarged maps with
 * st_yolo_x; and networks with many software epochs (transformers, float islands) are not among the rows at all.
 *
 * Example: two networks of one epoch each, busy 1 ms and 2 ms, measured 1.11 and 2.21: npu = 1.1 and 10 us
 * per epoch explain both.
 */
import { LabError } from "../errors.js";
import { type Accuracy, accuracyOf, type Interval, learnInterval, type Residual } from "./accuracy.js";
import { type CostFactors, NEUTRAL_FACTORS } from "./factors.js";
import { nonNegative, type Prior } from "./least-squares.js";

export interface LatencyRow {
  /** Of the table it was published in. */
  readonly key: string;
  /** Networks that are left out together: one architecture at all widths, resolutions and from all exporters. */
  readonly family: string;
  readonly network: string;
  readonly tool: string;
  readonly measuredMs: number;
  readonly source: string;
  /** What simpler models go by: multiply-adds, and bytes of the flash image. */
  readonly macs: number;
  readonly imageBytes: number;
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

/** What a factor is before any row speaks, and how many rows' weight that opinion has. */
const PRIOR: readonly Prior[] = [
  [NEUTRAL_FACTORS.npu, 0.05],
  [NEUTRAL_FACTORS.stream, 0.05],
  [NEUTRAL_FACTORS.untimed, 0.05],
  // In microseconds: a step of one says little.
  [NEUTRAL_FACTORS.epochMicroseconds, 1e-6],
];

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
    const [npu, stream, untimed, epochMicroseconds] = nonNegative(a, targets, weights, PRIOR) as [
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

/** The error of one row, predicted by a model that its family taught nothing. */
export interface RowResidual extends Residual {
  readonly row: LatencyRow;
}

/** A model that learns: rows in, a prediction in milliseconds for any row out. */
export type Learner = (rows: readonly LatencyRow[]) => (row: LatencyRow) => number;

/** The latency model, its factors learnt. */
export const learnModel: Learner = (rows) => {
  const factors = fitFactors(rows);
  return (row) => predictRow(row, factors);
};

/** Returns for each row what a fit without its family predicts; suspect rows teach nothing. */
export function leaveOneFamilyOut(
  rows: readonly LatencyRow[],
  learn: Learner = learnModel,
): readonly RowResidual[] {
  const byFamily = new Map<string, (row: LatencyRow) => number>();
  return rows.map((row) => {
    const { family, measuredMs } = row;
    let predictWith = byFamily.get(family);
    if (!predictWith) {
      predictWith = learn(rows.filter((other) => other.family !== family && other.suspect === undefined));
      byFamily.set(family, predictWith);
    }
    const predictedMs = predictWith(row);
    return { row, family, measuredMs, predictedMs, ratio: measuredMs / predictedMs };
  });
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
  /** Of the shortest and of the longest row. */
  readonly milliseconds: readonly [shortest: number, longest: number];
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
  const times = sound.map(({ measuredMs }) => measuredMs);
  return {
    factors,
    ...learnInterval(soundResiduals),
    rows: sound.length,
    families: new Set(sound.map(({ family }) => family)).size,
    cpuShare: Math.max(...sound.map((row) => cpuTime(row) / predictRow(row, factors))),
    milliseconds: [Math.min(...times), Math.max(...times)],
    accuracy: accuracyOf(soundResiduals),
    accuracyWithSuspects: accuracyOf(residuals),
  };
}
