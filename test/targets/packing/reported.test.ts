import { describe, expect, it } from "vitest";
import { mobileNetV1 } from "../../../lib/models/mobilenet-v1.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import {
  allSettings,
  checkReportedWeights,
  nearestSettings,
} from "../../../lib/targets/neural-art/packing/reported.js";

// The network of MLPerf Tiny's visual wake words, which a forum thread reports as 42 KB on the CPU and 227 KB
// on the NPU (community.st.com, td-p/897059).
const { graph } = mobileNetV1({ width: 0.25, resolution: 96, classes: 2, variant: "mlperf-tiny" });
const { sourceBytes } = packModel({
  graph,
  options: { tool: "2.1", epochController: true, profile: "O3" },
});

describe("the visual-wake-words question", () => {
  it("packModel() counts 219,064 B of weights and biases", () => {
    // The file has 8 bytes more, the shape that its RESHAPE reads.
    expect(sourceBytes).toBe(219_064);
  });

  it("checkReportedWeights() calls 42 KB impossible and 227 KB possible", () => {
    expect(checkReportedWeights({ reportedBytes: 42_000, constantBytes: sourceBytes })?.why).toBe(
      "42,000 B of weights reported, the constants alone take 219,064 B",
    );
    expect(checkReportedWeights({ reportedBytes: 227_000, constantBytes: sourceBytes })).toBeNull();
  });

  it("nearestSettings() finds 227 KB in 3.0 and 4.0, default profile, no controller", () => {
    const sorted = nearestSettings(graph, 227_000);
    expect(sorted).toHaveLength(allSettings().length);
    const [first, second, third] = sorted;
    expect(first).toMatchObject({ options: { tool: "3.0", epochController: false, profile: "default" } });
    expect(second).toMatchObject({ options: { tool: "4.0", epochController: false, profile: "default" } });
    expect([first!.imageBytes, second!.imageBytes]).toEqual([227_409, 227_409]);
    expect(Math.abs(third!.difference)).toBeGreaterThan(1_500);
  });

  it("packModel() gives the image of every setting", () => {
    const sizes = allSettings().map((options) => {
      const { tool, epochController, profile } = options;
      const name = `${tool} ${profile} ${epochController ? "EC" : "no EC"}`;
      return [name, packModel({ graph, options }).imageBytes];
    });
    expect(Object.fromEntries(sizes)).toEqual({
      "2.0 O3 EC": 286_448,
      "2.0 O3 no EC": 303_313,
      "2.1 O3 EC": 286_448,
      "2.1 O3 no EC": 303_313,
      "2.2 O3 EC": 286_432,
      "2.2 O3 no EC": 303_297,
      "3.0 O3 EC": 211_840,
      "3.0 O3 no EC": 228_705,
      "3.0 default EC": 210_472,
      "3.0 default no EC": 227_345,
      "4.0 O3 EC": 211_840,
      "4.0 O3 no EC": 228_705,
      "4.0 default EC": 210_472,
      "4.0 default no EC": 227_345,
    });
  });
});
