import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type LatencyRow, leaveOneFamilyOut } from "../cost/calibrate.js";
import type { LatencyErrorRow } from "../table/errors.js";

const root = dirname(createRequire(import.meta.url).resolve("npulab/package.json"));
const DATASET = join(root, "datasets/measurements/latency-rows.json");

/**
 * Returns every board figure of the calibration beside what the model says of it when the figure's whole family
 * is left out of the fit. The fit is done anew at each call, from the published figures in the package.
 */
export function latencyErrors(): readonly LatencyErrorRow[] {
  const { rows } = JSON.parse(readFileSync(DATASET, "utf8")) as { readonly rows: readonly LatencyRow[] };
  return leaveOneFamilyOut(rows).map(({ row, predictedMs }) => ({
    network: row.network,
    family: row.family,
    tool: row.tool,
    measuredMs: row.measuredMs,
    predictedMs,
    ...(row.suspect === undefined ? {} : { suspect: row.suspect }),
    source: row.source,
  }));
}
