import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../lib/errors.js";
import { parseReport } from "../../../lib/formats/vendor/report/report.js";
import { failureOf } from "./failure.js";
import { sampleReport, sampleValidation } from "./samples.js";

describe("parseReport()", () => {
  const report = parseReport(sampleReport(), "tiny.txt");

  it("reads the head of a report", () => {
    expect(report).toMatchObject({
      kind: "generate",
      tool: { version: "2.1.0-12345", release: "2.1", commit: "0123abcde" },
      created: "2026-01-02 03:04:05",
    });
    expect(report.options).toContainEqual({ name: "--st-neural-art", value: "default@profiles.json" });
  });

  it("reads the graph by its columns, with several inputs of a row", () => {
    expect(report.graph).toMatchObject({ name: "tiny", macs: 29712, weightBytes: 496 });
    expect(report.graph?.rows).toMatchObject([
      { id: 0, name: "input_0", operator: "", params: null },
      {
        id: 0,
        name: "conv_0",
        operator: "CONV_2D",
        params: 448,
        paramBytes: 496,
        macs: 28688,
        inputs: ["input_0"],
      },
      { id: 1, name: "add_1", inputs: ["conv_0", "input_0"] },
    ]);
    expect(report.graph?.rows[1]?.shape).toEqual([
      { axis: "b", size: 1 },
      { axis: "h", size: 8 },
      { axis: "w", size: 8 },
      { axis: "c", size: 16 },
    ]);
  });

  it("reads the compiler's arguments, quotes included", () => {
    expect(report.compilation?.options).toEqual([
      { name: "-i", value: "tiny.onnx" },
      { name: "--load-mpool", value: "my pools.mpool" },
      { name: "-O3", value: null },
      { name: "--Omax-ca-pipe", value: "4" },
      { name: "--enable-epoch-controller", value: null },
    ]);
  });

  it("reads pools with the rounding of their sizes", () => {
    expect(report.memory?.pools).toMatchObject([
      {
        name: "npuRAM5",
        address: 0x342e0000,
        size: { bytes: 458752 },
        activations: { bytes: 1536, plusMinus: 1 },
      },
      { name: "octoFlash", size: { bytes: 112 * 1024 * 1024 }, weights: { bytes: 497, plusMinus: 0 } },
    ]);
    expect(report.ranges).toContainEqual({ pool: "octoFlash", from: 0x71000000, to: 0x71000200 });
  });

  it.each(["lines", "boxed"] as const)("reads the list of epochs in the layout '%s'", (layout) => {
    const { epochs } = parseReport(sampleReport({ layout }));
    expect(epochs).toMatchObject({ layout, total: 3, sw: 1 });
    expect(epochs?.epochs).toEqual([
      { index: 1, last: 1, kind: "hw", operator: null },
      { index: 2, last: 2, kind: "ec", operator: null },
      { index: 3, last: 3, kind: "sw", operator: "Softmax" },
    ]);
  });

  it("reads sizes by module and lists the lines that it has no field for", () => {
    expect(report.modules?.modules.find(({ module }) => module === "weights")).toMatchObject({ rodata: 497 });
    expect(report.unread).toEqual([
      { path: expect.stringMatching(/^line \d+$/), value: " a line of a later version" },
    ]);
  });

  it("reads what a board measured", () => {
    const { kind, validation } = parseReport(sampleValidation());
    expect(kind).toBe("validate");
    expect(validation).toMatchObject({ samples: 10, ms: 1.25, clocks: { npu: 800e6, mcu: 600e6 } });
    expect(validation?.nodes).toMatchObject([
      { kind: "ec", ms: 1, cycles: [1921, 11843, 794], epochs: { first: 1, last: 2 } },
      { kind: "sw", ms: 0.25, share: 0.2, epochs: { first: 3, last: 3 } },
    ]);
  });

  it("says what is missing of a report that is cut anywhere before its last table", () => {
    const text = sampleReport();
    const lines = text.split("\n");
    const modules = lines.findIndex((line) => line.includes("Requested memory size"));
    for (let count = 1; count < modules; count++) {
      if (/^=+$/.test(lines[count] ?? "") && count > modules - 2) continue;
      const error = failureOf(() => parseReport(lines.slice(0, count).join("\n"), "cut.txt"));
      expect(error).toBeInstanceOf(DecodeError);
      expect(error.message).toMatch(/^Cannot read report 'cut.txt': .* expected /);
      expect(error.at).toMatch(/^line \d+$/);
    }
  });

  it("refuses a list of epochs that is shorter than its total", () => {
    const error = failureOf(() => parseReport(sampleReport().replace(/epoch 2 .*\n/, "")));
    expect(error.message).toContain("list of epochs is 2 epochs long, expected 3, as its total says");
  });

  it("names the word of an epoch kind that it does not know", () => {
    const error = failureOf(() => parseReport(sampleReport().replace(/(epoch 2 +)EC/, "$1XY")));
    expect(error.message).toContain("epoch 2 is 'XY', expected one of HW, EC, SW, HYBRID, ??");
  });
});
