import { beforeAll, describe, expect, it } from "vitest";
import { findCliffs } from "../../lib/analyze/cliffs.js";
import type { CliffReport } from "../../lib/analyze/record.js";
import { walkAxis } from "../../lib/node/walk-axis.js";
import { cliffsFigure } from "../../lib/plot/cliffs.js";
import { cliffReport } from "../../lib/report/cliff-report.js";
import {
  cliffPointsTable,
  cliffsTable,
  flipSentence,
  flipsTable,
  jumpSentence,
} from "../../lib/table/cliffs.js";

const MODEL = "built:mobilenet_v2_0.35_128";
let report: CliffReport;

beforeAll(async () => {
  const axis = walkAxis(MODEL, { name: "resolution", from: 112, to: 144, step: 16 });
  report = await findCliffs({ model: MODEL, axis, settings: [{ tool: "2.1" }] });
});

describe("cliffsTable()", () => {
  it("names the place, the jump and the rule: at 129 pixels the last maps are 5 × 5", () => {
    expect(cliffsTable(report).objects()).toEqual([
      {
        tool: "2.1",
        resolution: "128 → 129",
        jumps: "epochs 61 → 58",
        flipped: "N6-CONV-08 (block_14_depthwise, block_15_depthwise, block_16_depthwise)",
      },
    ]);
  });

  it("flipsTable() has both sides", () => {
    expect(flipsTable(report).objects()).toMatchObject([
      { rule: "N6-CONV-08", before: "a map of 4×4 with 336 channels", after: "keeps the rule", of_nodes: 3 },
    ]);
  });

  it("cliffPointsTable() has a row per point, those that narrowed the cliff down too", () => {
    const rows = cliffPointsTable(report).objects() as Record<string, unknown>[];
    expect(rows.map(({ resolution }) => Number(resolution))).toEqual([112, 128, 129, 130, 132, 136, 144]);
    expect(rows.every(({ error }) => error === "")).toBe(true);
  });
});

describe("jumpSentence()", () => {
  it("jumpSentence() says what the trend would have been, where there is one", () => {
    const jump = { metric: "rom", before: 1000, after: 1500, expected: 1200 } as const;
    expect(jumpSentence(jump)).toBe("ROM 1,000 B → 1,500 B (trend 1,200 B, +25.0 %)");
    expect(jumpSentence({ ...jump, metric: "bank", before: 0, after: 1 })).toBe(
      "tensor beyond a bank no → yes",
    );
  });

  it("flipSentence() names three nodes and counts the rest", () => {
    const nodes = ["a", "b", "c", "d"];
    expect(flipSentence({ kind: "packing", rule: "R", nodes, before: "x", after: "y" })).toBe(
      "R a, b, c and 1 more: x → y",
    );
  });
});

describe("cliffsFigure()", () => {
  it("draws four panels and a marker where epochs jump", () => {
    const { data, alt } = cliffsFigure(report);
    const markers = data.filter(({ mode }) => mode === "markers");
    expect(data).toHaveLength(8);
    expect(markers.map(({ x }) => x)).toEqual([[], [], [129], []]);
    expect(JSON.stringify(markers[2])).toContain("N6-CONV-08");
    expect(alt).toContain("128 to 129 (tool 2.1): epochs 61 → 58");
  });
});

describe("cliffReport()", () => {
  it("says how many, and by which criterion", () => {
    const [first] = cliffReport(report);
    expect(first).toMatchObject({ kind: "markdown" });
    expect(JSON.stringify(first)).toContain("**One cliff.** A cliff is a step");
    const none = cliffReport({ ...report, runs: report.runs.map((run) => ({ ...run, cliffs: [] })) });
    expect(JSON.stringify(none[0])).toContain("**No cliff.**");
    expect(none).toHaveLength(3);
  });
});
