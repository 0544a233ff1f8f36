import { expect, it } from "vitest";
import timing from "../../datasets/measurements/epoch-timing.json" with { type: "json" };
import { estimateLatency } from "../../lib/cost/estimate.js";
import { NEUTRAL_FACTORS } from "../../lib/cost/factors.js";
import { describeShared } from "../shared.js";
import { compileFile } from "./latency-rows.js";

const OPTIONS = { tool: "2.2", epochController: false, profile: "O3" } as const;

describeShared("board runs without the epoch controller", () => {
  it("estimateLatency() comes within 5 % of MobileNetV2-224 with the constants alone, on the same number of epochs", () => {
    const { plan, rom } = compileFile("mobilenetv2/mobilenet_v2_224_int8.onnx", OPTIONS);
    const { ms, perEpoch } = estimateLatency({ plan, rom, options: { factors: NEUTRAL_FACTORS } });
    expect(perEpoch.length).toBe(timing.rows.length + timing.others.length);
    const us = (cycles: number) => cycles / 800;
    const measured =
      timing.rows.reduce((total, row) => total + row.setupUs + row.coreUs + row.endUs, 0) +
      timing.others.reduce((total, row) => total + us(row.setupCycles + row.coreCycles + row.endCycles), 0);
    expect(Math.abs((ms * 1000) / measured - 1)).toBeLessThan(0.05);
    // With the factors of the zoo's tables the run still lies inside the interval.
    const { low, high } = estimateLatency({ plan, rom });
    expect(measured / 1000).toBeGreaterThan(low);
    expect(measured / 1000).toBeLessThan(high);
  });

  // Milliseconds: "CubeMX X-CUBE-AI 10.2 (AI Core 2.2), local board" rows of
  // Magnus3327/stm32n6-edge-ai-benchmarks, commit ea0f73d. One layer each; 7x7 is cut into four epochs.
  it.each([
    ["16f_3x3", 0.079, 0.12],
    ["1x1", 0.146, 0.08],
    ["3x3", 0.147, 0.08],
    ["64f_3x3", 0.284, 0.05],
    ["32f_5x5", 0.154, 0.12],
    ["32f_7x7", 0.462, 0.4],
  ])("estimateLatency() of the single layer %s: %f ms within a share of %f", (name, measured, share) => {
    const { plan, rom } = compileFile(`microbench/baseline_conv2d_${name}_int8.tflite`, OPTIONS);
    const { ms } = estimateLatency({ plan, rom, options: { factors: NEUTRAL_FACTORS } });
    expect(Math.abs(ms / measured - 1)).toBeLessThan(share);
  });
});
