import { describe, expect, it } from "vitest";
import { analyze } from "../../lib/analyze/study.js";
import { preset } from "../../lib/node/load.js";
import { analysisReport } from "../../lib/report/analysis-report.js";
import { code } from "../../lib/report/blocks.js";

describe("code()", () => {
  it("cannot be broken out of", () => {
    expect(code("a")).toBe("`a`");
    expect(code("a`b")).toBe("``a`b``");
    expect(code("``x")).toBe("``` ``x ```");
    expect(code("two\nlines")).toBe("`two lines`");
  });
});

describe("analysisReport()", () => {
  it("gives the findings first, and every number's origin after", () => {
    const blocks = analysisReport(analyze(preset("mobilenet_v1_0.25_96")));
    const [first] = blocks;
    expect(first).toMatchObject({ kind: "markdown" });
    const text = first!.kind === "markdown" ? first!.text : "";
    expect(text).toContain("**287,297 B** (×1.307)");
    expect(text).toContain("34, of which 32 in hardware, 0 hybrid and 2 on the CPU");
    const shown = blocks.flatMap((block) => (block.kind === "display" ? [block.bundle["text/plain"]] : []));
    expect(shown.some((plain) => plain.includes("Ledger: every tensor and cause"))).toBe(true);
    expect(shown.some((plain) => plain.includes("N6-OP-04"))).toBe(true);
  });

  it("says so when everything runs in hardware", () => {
    const blocks = analysisReport(analyze(preset("ad01")));
    expect(blocks).toContainEqual({ kind: "markdown", text: "Every epoch runs in hardware." });
  });
});
