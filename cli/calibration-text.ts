import { not } from "arquero";
import { calibrationSummary } from "../lib/report/calibration.js";
import {
  familyErrorsTable,
  type LatencyCalibration,
  latencyErrorsTable,
  modelErrorsTable,
  notPredictedTable,
} from "../lib/table/errors.js";
import { tableToText } from "../lib/table/show.js";

/** Returns how far latencies have been off, as text for a terminal. */
export function calibrationText(calibration: LatencyCalibration): string {
  const figures = latencyErrorsTable(calibration.rows).select(not("source", "known_by", "family"));
  return [
    calibrationSummary(calibration).replaceAll("**", ""),
    tableToText(modelErrorsTable(calibration), { caption: "Families left out, three models" }),
    tableToText(familyErrorsTable(calibration), { caption: "Family by family" }),
    tableToText(figures, { caption: "Every figure, the largest error first", limit: 400 }),
    tableToText(notPredictedTable(calibration).select(not("source")), {
      caption: "Figures that nothing here predicts",
      limit: 200,
    }),
  ].join("\n\n");
}
