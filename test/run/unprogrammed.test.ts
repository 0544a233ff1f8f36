import { describe, expect, it } from "vitest";
import { layerGeometry } from "../../lib/graph/geometry.js";
import { eraseWeights } from "../../lib/image/erase.js";
import { load, preset } from "../../lib/node/load.js";
import { runUnprogrammed } from "../../lib/run/unprogrammed.js";
import { describeShared, requireShared } from "../shared.js";

describe("eraseWeights()", () => {
  it("fills kernels and biases with 0xFF and leaves the given model alone", () => {
    const { model } = preset("resnet8_32");
    const before = model.graph.nodes.flatMap((node) => {
      const weights = layerGeometry(node)?.weights;
      return weights?.data ? [[...weights.data.read().slice(0, 32)]] : [];
    });
    const { model: erased, layers, bytes } = eraseWeights(model);
    expect(layers).toBe(10);
    let seen = 0;
    for (const node of erased.graph.nodes) {
      const geometry = layerGeometry(node);
      for (const tensor of geometry ? [geometry.weights, geometry.bias] : []) {
        const data = tensor!.data!.read();
        seen += data.length;
        expect(data.every((byte) => byte === 0xff)).toBe(true);
      }
    }
    expect(bytes).toBe(seen);
    const after = model.graph.nodes.flatMap((node) => {
      const weights = layerGeometry(node)?.weights;
      return weights?.data ? [[...weights.data.read().slice(0, 32)]] : [];
    });
    expect(after).toEqual(before);
    expect(before.flat().some((byte) => byte !== 0xff)).toBe(true);
  });
});

describe("runUnprogrammed()", () => {
  it("runs without a complaint, as fast, and answers the same whatever it is shown", async () => {
    const run = await runUnprogrammed(preset("resnet8_32").model, { samples: 12 });
    expect(run.erased).toHaveLength(12);
    expect(run.agreement.distinct).toEqual({ programmed: 12, erased: 1 });
    expect(run.agreement.largestDifference).toBeGreaterThan(run.agreement.range / 10);
    // Full speed: a third of a busy machine's noise either way, not orders of magnitude.
    expect(run.ms.erased).toBeLessThan(3 * run.ms.programmed + 1);
  });

  it("refuses to compare on nothing", async () => {
    await expect(runUnprogrammed(preset("resnet8_32").model, { samples: 0 })).rejects.toThrow(/0 samples/);
  });
});

describeShared("runUnprogrammed() on trained networks", () => {
  it.each(["mlperf_tiny/kws_ref_model.tflite", "mlperf_tiny/pretrainedResnet_quant.tflite"])(
    "answers garbage for %s",
    async (file) => {
      const { model } = load(requireShared(`models/${file}`));
      const run = await runUnprogrammed(model, { samples: 16 });
      const { distinct, largestDifference, range } = run.agreement;
      expect(distinct.erased).toBe(1);
      expect(distinct.programmed).toBeGreaterThan(8);
      expect(largestDifference).toBeGreaterThan(range / 2);
    },
  );
});
