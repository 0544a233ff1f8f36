import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerGeometry } from "../../../lib/graph/geometry.js";
import { Node } from "../../../lib/graph/node.js";
import { constantOf, Tensor } from "../../../lib/graph/tensor.js";
import { packKernel } from "../../../lib/targets/neural-art/packing/kernel.js";
import { packKernelBytes, unpackKernel } from "../../../lib/targets/neural-art/packing/kernel-bytes.js";
import { kernelValues } from "../../../lib/targets/neural-art/packing/kernel-values.js";
import { type WeightedLayer, weightedLayer } from "../../../lib/targets/neural-art/packing/layer.js";
import {
  flattened,
  kernelParts,
  kernelShape,
  pointwiseBlock,
} from "../../../lib/targets/neural-art/packing/layout.js";
import { allSettings } from "../../../lib/targets/neural-art/packing/reported.js";
import type { KernelPart, KernelShape } from "../../../lib/targets/neural-art/records.js";
import { bytes } from "../../../lib/units.js";

const letters = (text: string) => Int8Array.from(text, (letter) => letter.charCodeAt(0));
const text = (packed: Uint8Array) => String.fromCharCode(...packed).replaceAll("\0", "0");

function partOf(shape: KernelShape, fields: Partial<KernelPart>): KernelPart {
  const payload = shape.outputChannels * shape.height * shape.width * shape.inputChannels;
  return {
    mode: "plain",
    rows: [0, shape.height],
    columns: [0, shape.width],
    outputChannels: shape.outputChannels,
    inputChannels: shape.inputChannels,
    kernelGroup: shape.outputChannels,
    inputBlock: shape.inputChannels,
    order: "inputs",
    payload: bytes(payload),
    widening: bytes(0),
    deepPadding: bytes(0),
    bytes: bytes(payload),
    ...fields,
  };
}

describe("packKernelBytes()", () => {
  const point = { outputChannels: 2, height: 1, width: 1, inputChannels: 4 };

  it("reproduces its worked examples", () => {
    const two = letters("abcdefgh");
    expect(text(packKernelBytes(two, point, [partOf(point, { inputBlock: 2 })]))).toBe("abefcdgh");
    const deep = partOf(point, { mode: "deep", deepPadding: bytes(1), bytes: bytes(9) });
    expect(text(packKernelBytes(two, point, [deep]))).toBe("aebfcgdh0");
    const depthwise = { outputChannels: 2, height: 1, width: 3, inputChannels: 1 };
    const inflated = partOf(depthwise, {
      mode: "inflated",
      inputChannels: 2,
      inputBlock: 2,
      widening: bytes(6),
      bytes: bytes(12),
    });
    expect(text(packKernelBytes(letters("abcdef"), depthwise, [inflated]))).toBe("a0b0c00d0e0f");
  });

  it("interleaves pairs of kernels by input", () => {
    const shape = { outputChannels: 3, height: 1, width: 2, inputChannels: 2 };
    // Kernel 1: taps (a b)(c d) of two inputs each; input 0 is a c, input 1 is b d.
    const part = partOf(shape, { order: "kernelPairs" });
    expect(text(packKernelBytes(letters("abcdefghijkl"), shape, [part]))).toBe("acegbdfhikjl");
  });

  it("overwrites what was there, zeros included", () => {
    const deep = partOf(point, { mode: "deep", deepPadding: bytes(1), bytes: bytes(9) });
    const dirty = new Uint8Array(9).fill(255);
    packKernelBytes(letters("abcdefgh"), point, [deep], dirty);
    expect(dirty[8]).toBe(0);
  });

  it("refuses float kernels and counts that disagree", () => {
    const float = partOf(point, { mode: "float" });
    expect(() => packKernelBytes(letters("abcdefgh"), point, [float])).toThrow(
      "Cannot order the bytes of a kernel that runs on the CPU",
    );
    expect(() => packKernelBytes(letters("abc"), point, [partOf(point, {})])).toThrow(
      "Cannot order a kernel of 8 weights in 8 bytes: there are 3 weights and room for 8 bytes",
    );
  });
});

const layers: fc.Arbitrary<WeightedLayer> = fc
  .record({
    kind: fc.constantFrom("conv" as const, "depthwise" as const, "dense" as const),
    kernel: fc.oneof(
      fc.constant([3, 3] as const),
      fc.constant([7, 7] as const),
      fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    ),
    inputs: fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 25, max: 300 })),
    outputs: fc.integer({ min: 1, max: 40 }),
    groups: fc.constantFrom(1, 1, 1, 2),
    side: fc.integer({ min: 7, max: 20 }),
    stride: fc.constantFrom(1, 2),
    zeroPoint: fc.constantFrom(-128, 0, 7),
    covers: fc.boolean(),
  })
  .map(({ kind, kernel, inputs, outputs, groups, side, stride, zeroPoint, covers }) => {
    const [height, width] = kind === "dense" || (kind === "conv" && inputs > 24) ? [1, 1] : kernel;
    const grouped = kind === "conv" ? groups : 1;
    const channels = kind === "depthwise" ? outputs : inputs * grouped;
    return {
      kind,
      kernelHeight: height,
      kernelWidth: width,
      inputChannels: channels,
      outputChannels: kind === "depthwise" ? outputs : outputs * grouped,
      groups: kind === "depthwise" ? outputs : grouped,
      inputHeight: covers ? height : side,
      inputWidth: covers ? width : side,
      outputHeight: covers ? 1 : side,
      outputWidth: covers ? 1 : side,
      strides: [stride, stride] as const,
      dilations: [1, 1] as const,
      inputZeroPoint: zeroPoint,
      weights: "int8" as const,
      perChannel: true,
      hasBias: true,
      onCpu: false,
    };
  });

describe("unpackKernel()", () => {
  it("gives back what was packed, and every other byte is zero", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(layers, fc.constantFrom(...allSettings()), fc.integer(), (layer, options, seed) => {
        const { shape, parts } = packKernel(layer, options);
        // The order of float parts is not known; packKernelBytes() refuses them.
        fc.pre(parts.every(({ mode }) => mode !== "float"));
        const count = shape.outputChannels * shape.height * shape.width * shape.inputChannels;
        // No zeros among the values, so that zeros of the packed bytes are padding.
        const values = Int8Array.from(
          { length: count },
          (_, index) => 1 + ((Math.imul(index + seed, 31) >>> 0) % 255),
        );
        const packed = packKernelBytes(values, shape, parts);
        for (const { mode, order, inputBlock, inputChannels } of parts) {
          const inputs = order === "kernelPairs" && inputChannels === 3 ? " RGB" : "";
          seen.add(`${mode} ${order} ${inputBlock < inputChannels ? "blocks" : "whole"}${inputs}`);
        }
        expect(unpackKernel(packed, shape, parts).every((value, index) => value === values[index])).toBe(
          true,
        );
        expect(packed.filter((value) => value !== 0).length).toBe(count);
      }),
      { numRuns: 300, seed: 7 },
    );
    expect([...seen].sort()).toEqual([
      "deep inputs blocks",
      "deep inputs whole",
      "inflated inputs whole",
      "plain inputs blocks",
      "plain inputs whole",
      "rows inputs blocks",
      "rows inputs whole",
      "rows kernelPairs whole",
      "rows kernelPairs whole RGB",
    ]);
  });
});

describe("kernelValues()", () => {
  const values = (
    op: "Conv" | "Gemm",
    shape: readonly number[],
    attributes: Record<string, string | number | boolean>,
    dtype: "int8" | "uint8" = "int8",
  ) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Uint8Array.from({ length: count }, (_, index) => index);
    const weights = new Tensor({
      name: "w",
      dtype,
      shape,
      quantization: { scale: [1], zeroPoint: [0], axis: null },
      data: constantOf(data),
    });
    const channels = op === "Gemm" ? [1, 2] : attributes.layout === "NHWC" ? [1, 1, 2, 2] : [1, 2, 1, 2];
    const outputShape = op === "Gemm" ? [1, 3] : attributes.layout === "NHWC" ? [1, 1, 1, 2] : [1, 2, 1, 1];
    const input = new Tensor({ name: "x", dtype: "int8", shape: channels });
    const output = new Tensor({ name: "y", dtype: "int8", shape: outputShape });
    const source = { format: "built" as const, op, index: 0 };
    const node = new Node({ name: "n", op, inputs: [input, weights], outputs: [output], attributes, source });
    return Array.from(kernelValues(node, layerGeometry(node)!));
  };

  it("reorders OIHW as its worked example says", () => {
    // Kernel 0: inputs 0 1 of taps (0,1)(2,3)
    expect(values("Conv", [2, 2, 1, 2], { weightLayout: "OIHW" })).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
  it("reorders a depthwise 1HWO kernel and leaves OHWI alone", () => {
    const depthwise = { weightLayout: "1HWO", layout: "NHWC", group: 2 };
    expect(values("Conv", [1, 1, 2, 2], depthwise)).toEqual([0, 2, 1, 3]);
    expect(values("Conv", [2, 1, 1, 2], { weightLayout: "OHWI", layout: "NHWC" })).toEqual([0, 1, 2, 3]);
  });
  it("transposes a dense kernel that lies input first", () => {
    expect(values("Gemm", [2, 3], {})).toEqual([0, 3, 1, 4, 2, 5]);
    expect(values("Gemm", [3, 2], { transB: 1 })).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it("shifts uint8 by 128", () => {
    expect(values("Gemm", [3, 2], { transB: 1 }, "uint8")).toEqual([-128, -127, -126, -125, -124, -123]);
  });
});

describe("layout", () => {
  it("pointwiseBlock() reproduces its worked examples", () => {
    expect([48, 64, 112, 101].map(pointwiseBlock)).toEqual([24, 16, 14, 1]);
  });
  it("flattened() makes a layer that covers its input a dense one", () => {
    const covering = {
      kind: "conv",
      kernelHeight: 3,
      kernelWidth: 3,
      inputHeight: 3,
      inputWidth: 3,
      outputHeight: 1,
      outputWidth: 1,
      inputChannels: 936,
      outputChannels: 24,
      groups: 1,
      strides: [1, 1],
      dilations: [1, 1],
      inputZeroPoint: -128,
      weights: "int8",
      perChannel: true,
      hasBias: true,
      onCpu: false,
    } as const;
    expect(flattened(covering)).toMatchObject({ kernelHeight: 1, kernelWidth: 1, inputChannels: 8424 });
    expect(flattened({ ...covering, inputHeight: 4 })).toMatchObject({ kernelHeight: 3 });
  });
  it("kernelParts() groups fewer kernels where features are 16-bit values", () => {
    const wide = { ...weightedLayerOf(), inputZeroPoint: 5 };
    const group = (layer: WeightedLayer) =>
      kernelParts(layer, { mode: "plain", group: 1 }, { tool: "2.1" })[0]!.kernelGroup;
    expect([group(weightedLayerOf()), group(wide)]).toEqual([8, 4]);
    expect(kernelShape(wide)).toEqual({ outputChannels: 32, height: 3, width: 3, inputChannels: 16 });
  });
});

function weightedLayerOf(): WeightedLayer {
  const weights = new Tensor({
    name: "w",
    dtype: "int8",
    shape: [32, 3, 3, 16],
    quantization: { scale: [1], zeroPoint: [0], axis: null },
    data: constantOf(new Uint8Array(32 * 9 * 16)),
  });
  const image = (name: string, channels: number) =>
    new Tensor({
      name,
      dtype: "int8",
      shape: [1, 8, 8, channels],
      quantization: { scale: [1], zeroPoint: [0], axis: null },
    });
  const node = new Node({
    name: "n",
    op: "Conv",
    inputs: [image("x", 16), weights],
    outputs: [image("y", 32)],
    attributes: { layout: "NHWC", weightLayout: "OHWI" },
    source: { format: "built", op: "Conv", index: 0 },
  });
  return weightedLayer(node, layerGeometry(node)!, false);
}
