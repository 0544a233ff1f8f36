import { expect, it } from "vitest";
import { latencyCalibration } from "../../lib/node/latency-errors.js";
import { errorSharesFigure, predictedMeasuredFigure, residualsFigure } from "../../lib/plot/calibration.js";
import { calibrationReport, calibrationSummary } from "../../lib/report/calibration.js";
import { familyErrorsTable, modelErrorsTable, notPredictedTable } from "../../lib/table/errors.js";

const calibration = latencyCalibration();

it("latencyCalibration() accounts for all 108 published figures and puts the model before simpler ones", () => {
  const { rows, notPredicted, models } = calibration;
  expect(rows.length + notPredicted.length).toBe(108);
  expect(rows.every(({ lowMs, predictedMs, highMs }) => lowMs < predictedMs && predictedMs < highMs)).toBe(
    true,
  );
  const [own, ...others] = models;
  for (const other of others) expect(other.meanError).toBeGreaterThan(4 * own!.meanError);
  for (const { errors, rows: count } of models) expect(errors.length).toBe(count);
});

it("familyErrorsTable(), modelErrorsTable() and notPredictedTable() have a row for each", () => {
  const families = new Set(calibration.rows.filter(({ suspect }) => !suspect).map(({ family }) => family));
  expect(familyErrorsTable(calibration).numRows()).toBe(families.size);
  expect(modelErrorsTable(calibration).numRows()).toBe(3);
  expect(notPredictedTable(calibration).numRows()).toBe(calibration.notPredicted.length);
});

it("predictedMeasuredFigure() shows each figure once, suspects apart", () => {
  const { data, alt } = predictedMeasuredFigure(calibration);
  const markers = (data as readonly { mode: string; x: number[] }[]).filter(({ mode }) => mode === "markers");
  expect(markers.reduce((total, { x }) => total + x.length, 0)).toBe(calibration.rows.length);
  const suspects = calibration.rows.filter(({ suspect }) => suspect !== undefined);
  expect(markers.at(-1)!.x).toEqual(suspects.map(({ measuredMs }) => measuredMs));
  expect(alt).toContain(`${suspects.length} suspect figures apart`);
});

it("residualsFigure() and errorSharesFigure() say in words what they show", () => {
  expect(residualsFigure(calibration).alt).toMatch(/mobilenetv2: −?-?\d/);
  expect(errorSharesFigure(calibration).alt).toContain("linear in multiply-adds: mean error");
});

it("calibrationReport() begins with the summary and lists what nothing predicts", () => {
  const [head, ...blocks] = calibrationReport(calibration);
  expect(head).toMatchObject({ kind: "markdown" });
  expect((head as { text: string }).text).toContain(calibrationSummary(calibration));
  const text = blocks
    .map((block) => (block.kind === "markdown" ? block.text : JSON.stringify(block.bundle)))
    .join("\n");
  for (const { network } of calibration.notPredicted) expect(text).toContain(network.slice(0, 20));
});
