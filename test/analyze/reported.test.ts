/**
 * The question from ST's forum: MLPerf Tiny's visual wake words, "42 KB" of weights on the CPU and 227 KB on the
 * NPU. The network built in code stands in for the file: same shapes, same bytes.
 */
import { describe, expect, it } from "vitest";
import { inspect } from "../../lib/analyze/inspect.js";
import { checkReportedRom, nearestSettings } from "../../lib/analyze/reported.js";
import { analyze } from "../../lib/analyze/study.js";
import { load, preset } from "../../lib/node/load.js";
import { describeShared, requireShared } from "../shared.js";

const vww = preset("vww_96");

describe("the forum's question", () => {
  it("holds 219,072 B of constants", () => {
    expect(inspect(vww).weightBytes).toBe(219_072);
  });

  it("cannot take 42 KB on a CPU", () => {
    const check = checkReportedRom(vww, { reportedBytes: 42_000 });
    expect(check.possible).toBe(false);
    // Weights and biases; the file's other 8 bytes are the shape of a Reshape.
    expect(check.constantBytes).toBe(219_064);
    expect(check.finding!.why).toContain("219,064 B");
    expect(checkReportedRom(vww, { reportedBytes: 220_000 }).possible).toBe(true);
  });

  it("comes nearest 227 KB with tool 3.0 or 4.0, default profile, controller off", () => {
    const settings = nearestSettings(vww, { reportedBytes: 227_000 });
    expect(settings.slice(0, 2).map(({ options }) => options)).toEqual([
      { tool: "3.0", epochController: false, profile: "default" },
      { tool: "4.0", epochController: false, profile: "default" },
    ]);
    expect(settings[0]!.difference).toBe(409);
  });

  it("gives what each setting would make of it", () => {
    const image = Object.fromEntries(
      nearestSettings(vww, { reportedBytes: 227_000 }).map(({ options, imageBytes }) => [
        `${options.tool} ${options.epochController ? "on" : "off"} ${options.profile}`,
        imageBytes,
      ]),
    );
    expect(image).toEqual({
      "2.0 on O3": 286_497,
      "2.0 off O3": 303_377,
      "2.1 on O3": 286_497,
      "2.1 off O3": 303_377,
      "2.2 on O3": 286_481,
      "2.2 off O3": 303_361,
      "3.0 on O3": 211_889,
      "3.0 off O3": 228_769,
      "3.0 on default": 210_529,
      "3.0 off default": 227_409,
      "4.0 on O3": 211_889,
      "4.0 off O3": 228_769,
      "4.0 on default": 210_529,
      "4.0 off default": 227_409,
    });
  });

  it("refuses a report of nothing", () => {
    expect(() => nearestSettings(vww, { reportedBytes: 0 })).toThrow(/more than zero/);
    expect(() => checkReportedRom(vww, { reportedBytes: -1 })).toThrow(/more than zero/);
  });
});

describeShared("the forum's question, with the real file", () => {
  it("has the same constants, images and ledger causes as its stand-in", () => {
    const file = load(requireShared("models/mlperf_tiny/vww_96_int8.tflite"));
    expect(inspect(file).weightBytes).toBe(219_072);
    for (const tool of ["2.1", "3.0"] as const) {
      for (const epochController of [true, false]) {
        const [real, built] = [file, vww].map((model) => analyze(model, { tool, epochController }).rom);
        expect(built!.imageBytes).toBe(real!.imageBytes);
        expect(built!.sourceBytes).toBe(real!.sourceBytes);
      }
    }
  });
});
