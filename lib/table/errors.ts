/** How far predictions are from real figures, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { RomError } from "../analyze/record.js";

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
  readonly suspect?: string;
  readonly source: string;
}

/** One row per board figure, predicted without its family; the largest error first. */
export function latencyErrorsTable(rows: readonly LatencyErrorRow[]): ColumnTable {
  const table = rows.map(({ network, family, tool, measuredMs, predictedMs, suspect, source }) => ({
    network,
    family,
    tool,
    measured_ms: measuredMs,
    predicted_ms: predictedMs,
    error_share: predictedMs / measuredMs - 1,
    note: suspect ?? "",
    source,
  }));
  return from(table.sort((a, b) => Math.abs(b.error_share) - Math.abs(a.error_share)));
}
