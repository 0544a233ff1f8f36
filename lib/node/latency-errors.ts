import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { accuracyOf } from "../cost/accuracy.js";
import { learnMacsLinear, learnRoofline } from "../cost/baselines.js";
import {
  calibrate,
  type LatencyRow,
  type Learner,
  learnModel,
  leaveOneFamilyOut,
} from "../cost/calibrate.js";
import type { CostFactors } from "../cost/factors.js";
import type { LatencyCalibration, LatencyErrorRow, ModelErrors, NotPredictedRow } from "../table/errors.js";

const root = dirname(createRequire(import.meta.url).resolve("npulab/package.json"));
const DATASET = join(root, "datasets/measurements/latency-rows.json");

interface Dataset {
  readonly rows: readonly (LatencyRow & { readonly match: string })[];
  readonly notPredicted: readonly NotPredictedRow[];
}

const read = () => JSON.parse(readFileSync(DATASET, "utf8")) as Dataset;

const FACTORS: Readonly<Record<keyof CostFactors, string>> = {
  npu: "on the time in which the NPU computes or moves activations",
  stream: "on the time in which parameters arrive from flash",
  untimed: "on the time of CPU kernels whose rate no board run gives",
  epochMicroseconds: "microseconds that the epoch controller adds per epoch",
};

const LEARNERS: readonly (readonly [string, Learner])[] = [
  ["bounds per epoch", learnModel],
  ["roofline: multiply-adds or bytes", learnRoofline],
  ["linear in multiply-adds", learnMacsLinear],
];

function errorsOf(rows: readonly LatencyRow[], [model, learn]: (typeof LEARNERS)[number]): ModelErrors {
  const residuals = leaveOneFamilyOut(rows, learn).filter(({ row }) => row.suspect === undefined);
  const errors = residuals.map(({ ratio }) => Math.abs(1 / ratio - 1)).sort((a, b) => a - b);
  return { model, ...accuracyOf(residuals), errors };
}

/**
 * Returns how the latency model was calibrated and how wrong it is: every published board figure beside what
 * the model says of it when the figure's whole family is left out of the fit, simpler models on the same folds,
 * and the figures that nothing here predicts. Fitted anew at each call, from the figures in the package.
 *
 * @example
 * ```ts
 * import { latencyCalibration, predictedMeasuredFigure } from "npulab";
 * predictedMeasuredFigure(latencyCalibration());
 * ```
 */
export function latencyCalibration(): LatencyCalibration {
  const { rows, notPredicted } = read();
  const { factors, interval, coverage } = calibrate(rows);
  const matches = new Map(rows.map(({ key, match }) => [key, match]));
  return {
    rows: leaveOneFamilyOut(rows).map(({ row, predictedMs }) => ({
      network: row.network,
      family: row.family,
      tool: row.tool,
      measuredMs: row.measuredMs,
      predictedMs,
      lowMs: predictedMs * interval.lowRatio,
      highMs: predictedMs * interval.highRatio,
      ...(row.suspect === undefined ? {} : { suspect: row.suspect }),
      match: matches.get(row.key)!,
      source: row.source,
    })),
    notPredicted,
    models: LEARNERS.map((learner) => errorsOf(rows, learner)),
    interval: { ...interval, coverage },
    factors: (Object.keys(FACTORS) as (keyof CostFactors)[]).map((factor) => ({
      factor,
      value: factors[factor],
      means: FACTORS[factor],
    })),
  };
}

/**
 * Returns every board figure of the calibration beside what the model says of it when the figure's whole family
 * is left out of the fit. The fit is done anew at each call, from the published figures in the package.
 */
export function latencyErrors(): readonly LatencyErrorRow[] {
  return latencyCalibration().rows;
}
