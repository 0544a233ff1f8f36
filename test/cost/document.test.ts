/** The tables of docs/calibration.md. `npm run calibrate` renews them. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { latencyCalibration } from "../../lib/node/latency-errors.js";
import { CALIBRATION_LIMITS } from "../../lib/report/calibration.js";
import { formatCell, headerOf } from "../../lib/table/columns.js";
import {
  familyErrorsTable,
  latencyErrorsTable,
  modelErrorsTable,
  notPredictedTable,
} from "../../lib/table/errors.js";

const path = resolve(import.meta.dirname, "../../docs/calibration.md");

/** Holds the document against itself with the text between a pair of marks put anew. */
function expectText(name: string, text: string): void {
  const document = readFileSync(path, "utf8");
  const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  expect(document).toMatch(marks);
  const renewed = document.replace(marks, (_, start, end) => `${start}${text}\n${end}`);
  if (process.env.UPDATE_CALIBRATION) writeFileSync(path, renewed);
  else expect(document).toBe(renewed);
}

interface Shown {
  columnNames(): string[];
  objects(): object[];
}

function expectTable(name: string, table: Shown, left: readonly string[] = []): void {
  const columns = table.columnNames().filter((column) => !left.includes(column));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rows = (table.objects() as Record<string, unknown>[]).map((row) =>
    line(columns.map((column) => formatCell(column, row[column]).replaceAll("|", "\\|"))),
  );
  expectText(name, [line(columns.map(headerOf)), line(columns.map(() => "---")), ...rows].join("\n"));
}

/** Rows that err by more are said to be unexplained. */
const LARGE = 0.1;

describe("docs/calibration.md", () => {
  const calibration = latencyCalibration();
  const { rows, interval, factors } = calibration;

  it("has the factors, the errors of each model and of each family, and the interval", () => {
    const lines = factors.map(
      ({ factor, value, means }) => `| ${factor} | ${value.toPrecision(4)} | ${means} |`,
    );
    expectText("factors", ["| factor | value | means |", "| --- | --- | --- |", ...lines].join("\n"));
    expectTable("models", modelErrorsTable(calibration));
    expectTable("families", familyErrorsTable(calibration));
    const { lowRatio, highRatio, coverage } = interval;
    expectText(
      "interval",
      `${lowRatio.toFixed(3)} to ${highRatio.toFixed(3)} times the prediction; it held ${(coverage * 100).toFixed(1)} %, families counting alike.`,
    );
  });

  it("has the limits, the suspects, what is not predicted, and what errs most", () => {
    expectText("limits", CALIBRATION_LIMITS.map((limit) => `- ${limit}`).join("\n"));
    const suspects = rows.filter(({ suspect }) => suspect !== undefined);
    const aside = ["family", "interval", "known_by", "source"];
    expectTable("suspects", latencyErrorsTable(suspects), aside);
    expectTable("not predicted", notPredictedTable(calibration), ["source"]);
    const large = rows.filter(
      ({ suspect, measuredMs, predictedMs }) =>
        suspect === undefined && Math.abs(predictedMs / measuredMs - 1) > LARGE,
    );
    expectTable("unexplained", latencyErrorsTable(large), [...aside, "note"]);
  });
});
