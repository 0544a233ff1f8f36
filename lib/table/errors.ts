/** How far predictions are from real figures, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { RomError } from "../analyze/record.js";
import { formatCell } from "./columns.js";

/** One row per real image, the largest error first. */
export function romErrorsTable(rows: readonly RomError[]): ColumnTable {
  const table = rows.map(({ model, tool, epochController, evidence, realBytes, predictedBytes, source }) => ({
    model,
    tool,
    controller: epochController ? "on" : "off",
    evidence,
    real_bytes: realBytes,
    predicted_bytes: predictedBytes,
    error_share: predictedBytes / realBytes - 1,
    source,
  }));
  return from(table.sort((a, b) => Math.abs(b.error_share) - Math.abs(a.error_share)));
}

export interface LatencyErrorRow {
  readonly network: string;
  readonly family: string;
  readonly tool: string;
  readonly measuredMs: number;
  /** Predicted by factors learnt without the row's family. */
  readonly predictedMs: number;
  /** The interval that goes with such a prediction. */
  readonly lowMs: number;
  readonly highMs: number;
  /** Why it is judged but neither learnt from nor counted. */
  readonly suspect?: string;
  /** Where the network comes from: a file of this name or architecture, or built in code. */
  readonly match: string;
  readonly source: string;
}

/** How wrong a model was on families that it had not seen. */
export interface ModelErrors {
  readonly model: string;
  readonly rows: number;
  readonly meanError: number;
  readonly medianError: number;
  readonly within10: number;
  readonly within25: number;
  readonly spearman: number;
  /** |predicted ÷ measured − 1| of each row, smallest first. */
  readonly errors: readonly number[];
}

/** A published figure that nothing here predicts. */
export interface NotPredictedRow {
  readonly network: string;
  readonly family: string;
  readonly tool: string;
  readonly measuredMs: number;
  readonly why: string;
  readonly source: string;
}

/** Everything that the calibration page shows. */
export interface LatencyCalibration {
  readonly rows: readonly LatencyErrorRow[];
  readonly notPredicted: readonly NotPredictedRow[];
  /** The latency model first, then simpler ones on the same folds. */
  readonly models: readonly ModelErrors[];
  /** measured ÷ predicted, between which 80 % of an unseen family should lie, and the share that did. */
  readonly interval: { readonly lowRatio: number; readonly highRatio: number; readonly coverage: number };
  readonly factors: readonly { readonly factor: string; readonly value: number; readonly means: string }[];
}

/** One row per board figure, predicted without its family; the largest error first. */
export function latencyErrorsTable(rows: readonly LatencyErrorRow[]): ColumnTable {
  const table = rows.map(
    ({ network, family, tool, measuredMs, predictedMs, lowMs, highMs, suspect, match, source }) => ({
      network,
      family,
      tool,
      measured_ms: measuredMs,
      predicted_ms: predictedMs,
      interval: `${formatCell("_ms", lowMs)} to ${formatCell("_ms", highMs)}`,
      error_share: predictedMs / measuredMs - 1,
      note: suspect ?? "",
      known_by: match,
      source,
    }),
  );
  return from(table.sort((a, b) => Math.abs(b.error_share) - Math.abs(a.error_share)));
}

/** One row per model: its errors on families left out. */
export function modelErrorsTable({ models }: LatencyCalibration): ColumnTable {
  return from(
    models.map(({ model, rows, meanError, medianError, within10, within25, spearman }) => ({
      model,
      figures: rows,
      mean_error_share: meanError,
      median_error_share: medianError,
      within_10_percent_share: within10,
      within_25_percent_share: within25,
      rank_correlation_ratio: spearman,
    })),
  );
}

/** One row per family, worst first: what a fit without it says of its rows, suspect ones aside. */
export function familyErrorsTable({ rows }: LatencyCalibration): ColumnTable {
  const families = new Map<string, number[]>();
  for (const { family, predictedMs, measuredMs, suspect } of rows) {
    if (suspect !== undefined) continue;
    const errors = families.get(family) ?? [];
    errors.push(predictedMs / measuredMs - 1);
    families.set(family, errors);
  }
  const mean = (values: readonly number[]) =>
    values.reduce((total, value) => total + value, 0) / values.length;
  const table = [...families].map(([family, errors]) => ({
    family,
    figures: errors.length,
    mean_error_share: mean(errors.map(Math.abs)),
    worst_error_share: errors.reduce((worst, error) => (Math.abs(error) > Math.abs(worst) ? error : worst)),
    leaning_share: mean(errors),
  }));
  return from(table.sort((a, b) => b.mean_error_share - a.mean_error_share));
}

/** One row per published figure that nothing here predicts, with the reason. */
export function notPredictedTable({ notPredicted }: LatencyCalibration): ColumnTable {
  return from(
    notPredicted.map(({ network, family, tool, measuredMs, why, source }) => ({
      network,
      family,
      tool,
      measured_ms: measuredMs,
      why,
      source,
    })),
  );
}
