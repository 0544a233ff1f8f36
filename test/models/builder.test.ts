import { describe, expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { tensorNumbers } from "../../lib/graph/elements.js";
import { layerGeometry } from "../../lib/graph/geometry.js";
import {
  activationRange,
  asUint8,
  averagedMoments,
  int8Quantization,
} from "../../lib/models/activation-range.js";
import { NetworkBuilder } from "../../lib/models/builder.js";
import { RandomStream } from "../../lib/models/random-stream.js";

function start(shape: readonly number[] = [1, 8, 8, 3], ports: "int8" | "uint8-float" = "int8") {
  const net = new NetworkBuilder({ name: "tiny", seed: "tiny", ports });
  return { net, image: net.input({ name: "image", shape, range: { low: 0, high: 1 } }) };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return "none";
}

describe("NetworkBuilder", () => {
  it("build() gives the network of its doc comment", () => {
    const { net, image } = start();
    const features = net.conv(image, { name: "conv", filters: 16, kernel: 3, stride: 2, activation: "relu" });
    const pooled = net.mean(features, { name: "pool" });
    const model = net.build([net.dense(pooled, { name: "logits", units: 10 })]);
    expect(model.graph.nodes.map((node) => [node.source.op, node.output().shape])).toEqual([
      ["CONV_2D", [1, 4, 4, 16]],
      ["MEAN", [1, 16]],
      ["FULLY_CONNECTED", [1, 10]],
    ]);
    expect(layerGeometry(model.graph.nodes[0]!)?.macs).toBe(4 * 4 * 16 * 27);
    expect(model.graph.nodes.map((node) => node.source.index)).toEqual([0, 1, 2]);
  });

  it("frames an int8 network in QUANTIZE and DEQUANTIZE when its ports are uint8 and float", () => {
    const { net, image } = start([1, 8, 8, 3], "uint8-float");
    const { graph } = net.build([net.conv(image, { name: "conv", filters: 4, kernel: 1 })]);
    expect(graph.inputs[0]).toMatchObject({ dtype: "uint8", quantization: { zeroPoint: [0] } });
    expect(graph.nodes.map((node) => node.source.op)).toEqual(["QUANTIZE", "CONV_2D", "DEQUANTIZE"]);
    expect(graph.outputs[0]).toMatchObject({ dtype: "float32", quantization: null });
  });

  it("slides windows as TFLite does: SAME rounds up, VALID leaves the rest off", () => {
    const { net, image } = start([1, 49, 10, 1]);
    const conv = net.conv(image, { name: "a", filters: 2, kernel: [10, 4], stride: 2 });
    expect(conv.tensor.shape).toEqual([1, 25, 5, 2]);
    const pool = net.maxPool(image, { name: "b", kernel: 3, stride: 2 });
    expect(pool.tensor.shape).toEqual([1, 24, 4, 1]);
  });

  it("upsample(), pad() and concat() compute their shapes and say them in constants", () => {
    const { net, image } = start([1, 4, 6, 2]);
    const large = net.upsample(image, { name: "up", factor: 2 });
    expect(large.tensor.shape).toEqual([1, 8, 12, 2]);
    const padded = net.pad(large, { name: "pad", top: 1, left: 2, bottom: 3, right: 4 });
    expect(padded.tensor.shape).toEqual([1, 12, 18, 2]);
    const twice = net.concat([padded, padded], { name: "twice" });
    const { graph } = net.build([twice]);
    expect(twice.tensor.shape).toEqual([1, 12, 18, 4]);
    expect([...tensorNumbers(graph.nodes[0]!.input(3))]).toEqual([1, 8, 12, 2]);
    expect([...tensorNumbers(graph.nodes[1]!.input(1))]).toEqual([0, 1, 2, 0, 0, 3, 4, 0]);
  });

  it("shares equal constants between nodes", () => {
    const { net, image } = start();
    const once = net.pad(image, { name: "a", top: 0, left: 0, bottom: 1, right: 1 });
    const again = net.pad(once, { name: "b", top: 0, left: 0, bottom: 1, right: 1 });
    const { graph } = net.build([again]);
    expect(graph.constants()).toHaveLength(1);
  });

  it("refuses names used twice, sums of two shapes, empty layers and windows that never fit", () => {
    const { net, image } = start();
    net.conv(image, { name: "conv", filters: 4, kernel: 3, stride: 2 });
    expect(codeOf(() => net.conv(image, { name: "conv", filters: 4, kernel: 3 }))).toBe("MODEL_NAME");
    const half = net.conv(image, { name: "half", filters: 3, kernel: 3, stride: 2 });
    expect(codeOf(() => net.add(image, half, { name: "sum" }))).toBe("MODEL_SHAPE");
    expect(codeOf(() => net.conv(image, { name: "none", filters: 0, kernel: 3 }))).toBe("MODEL_SHAPE");
    expect(codeOf(() => net.maxPool(image, { name: "wide", kernel: 9 }))).toBe("MODEL_SHAPE");
    expect(codeOf(() => net.reshape(image, { name: "flat", shape: [1, 7] }))).toBe("MODEL_SHAPE");
    expect(
      codeOf(() => net.conv(net.mean(image, { name: "mean" }), { name: "x", filters: 1, kernel: 1 })),
    ).toBe("MODEL_SHAPE");
  });

  it("concat() refuses inputs of different scale and takes those given one range", () => {
    const { net, image } = start();
    const layer = { filters: 4, kernel: 1, activation: "relu" } as const;
    const [a, b] = [net.conv(image, { name: "a", ...layer }), net.conv(image, { name: "b", ...layer })];
    expect(codeOf(() => net.concat([a, b], { name: "ab" }))).toBe("MODEL_RANGE");
    const range = { low: 0, high: 4 };
    const [c, d] = [
      net.conv(image, { name: "c", ...layer, range }),
      net.conv(image, { name: "d", ...layer, range }),
    ];
    expect(net.concat([c, d], { name: "cd" }).tensor.shape).toEqual([1, 8, 8, 8]);
  });
});

describe("int8Quantization()", () => {
  it("gives the scales and zero points that TFLite exports show", () => {
    // [−1, 1] and [0, 6] as in each Keras MobileNet export, [0, 255] as in MLPerf Tiny's ResNet-8.
    const signed = int8Quantization({ low: -1, high: 1 });
    expect(signed).toEqual({ scale: [Math.fround(2 / 255)], zeroPoint: [-1], axis: null });
    expect(asUint8(signed).zeroPoint).toEqual([127]);
    expect(int8Quantization({ low: 0, high: 6 })).toMatchObject({
      scale: [Math.fround(6 / 255)],
      zeroPoint: [-128],
    });
    expect(int8Quantization({ low: 0, high: 255 })).toMatchObject({ scale: [1], zeroPoint: [-128] });
  });

  it("keeps the zero point within int8 and never −0", () => {
    for (let seed = 0; seed < 200; seed++) {
      const range = activationRange(1, "none", new RandomStream(`range ${seed}`));
      const zeroPoint = int8Quantization(range).zeroPoint[0]!;
      expect(Object.is(zeroPoint, -0)).toBe(false);
      expect(Math.abs(zeroPoint)).toBeLessThan(40);
    }
  });
});

describe("averagedMoments()", () => {
  it("fades noise about zero and keeps the mean of a rectified map", () => {
    expect(averagedMoments({ power: 2, rectified: false }, 100).power).toBeCloseTo(0.02);
    expect(averagedMoments({ power: 2, rectified: true }, 1e9).power).toBeCloseTo(2 / Math.PI);
    expect(averagedMoments({ power: 2, rectified: true }, 1).power).toBe(2);
  });
});
