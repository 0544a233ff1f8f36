import { describe, expect, it } from "vitest";
import type { DType } from "../../lib/graph/dtype.js";
import { constantFrom } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { type Attributes, Node } from "../../lib/graph/node.js";
import { Tensor } from "../../lib/graph/tensor.js";
import type { Numerics } from "../../lib/reference/kernel.js";
import { prepareReference, runReference } from "../../lib/reference/run.js";
import { expNegative, reciprocalOfOnePlus } from "../../lib/reference/softmax.js";

interface Stored {
  readonly shape: readonly number[];
  readonly scale?: number | readonly number[];
  readonly zero?: number;
  readonly dtype?: DType;
  readonly values?: readonly number[];
}

let made = 0;
function tensor({ shape, scale, zero = 0, dtype = "int8", values }: Stored, name = `t${made++}`): Tensor {
  const scales = scale === undefined ? [] : [scale].flat();
  const quantization =
    scales.length === 0
      ? null
      : { scale: scales, zeroPoint: scales.map(() => zero), axis: scales.length > 1 ? 0 : null };
  const data = values ? constantFrom(dtype, values) : null;
  return new Tensor({ name, dtype, shape, quantization, data });
}

function network(op: string, inputs: readonly Stored[], output: Stored, attributes: Attributes = {}): Model {
  const tensors = inputs.map((input, index) => tensor(input, `in${index}`));
  const result = tensor(output, "out");
  const source = { format: "built" as const, op, index: 0 };
  const node = new Node({ name: "only", op, inputs: tensors, outputs: [result], attributes, source });
  const graph = new Graph({
    name: "one",
    inputs: tensors.filter(({ isConstant }) => !isConstant),
    outputs: [result],
    nodes: [node],
  });
  return { name: "one", format: "built", graph, version: "", producer: "", metadata: new Map() };
}

function run(model: Model, values: readonly (readonly number[])[], numerics: Numerics = {}): number[] {
  const inputs = new Map(model.graph.inputs.map(({ name }, index) => [name, values[index]!]));
  return [...runReference(model, inputs, numerics).get("out")!.values];
}

describe("runReference() on one operator", () => {
  it("multiplies, adds the bias, rescales and cuts a dense layer", () => {
    const dense = (activation?: string) =>
      network(
        "Gemm",
        [
          { shape: [1, 2], scale: 0.5, zero: 1 },
          { shape: [2, 2], scale: 0.5, values: [1, 2, -3, 4] },
          { shape: [2], scale: 0.25, dtype: "int32", values: [3, -4] },
        ],
        { shape: [1, 2], scale: 1, zero: -2 },
        { transB: 1, ...(activation ? { activation } : {}) },
      );
    // (5−1, 7−1) → 4+12+3 = 19 and −12+24−4 = 8 quarters: 4.75 and 2.
    expect(run(dense(), [[5, 7]])).toEqual([3, 0]);
    expect(run(dense("relu"), [[-5, -7]])).toEqual([-2, -2]);
  });

  it("rounds a layer in the way that is asked for", () => {
    const model = network(
      "Gemm",
      [
        { shape: [1, 1], scale: 0.125 },
        { shape: [1, 1], scale: 1, values: [1] },
      ],
      { shape: [1, 1], scale: 1 },
      { transB: 1 },
    );
    // −12 eighths are −1.5, −20 are −2.5.
    expect(run(model, [[-12]])).toEqual([-2]);
    expect(run(model, [[-12]], { dense: "double" })).toEqual([-2]);
    expect(run(model, [[-12]], { dense: "single" })).toEqual([-1]);
    expect(run(model, [[-20]])).toEqual([-3]);
    expect(run(model, [[-20]], { dense: "float" })).toEqual([-2]);
  });

  it("gives one convolution in both layouts, padded with the zero point", () => {
    const window = { strides: [1, 1], dilations: [1, 1], group: 1, autoPad: "SAME_UPPER" };
    const kernel = { shape: [1, 1, 3, 2], scale: 1, values: [1, 0, 2, 0, 3, 1] };
    const last = network(
      "Conv",
      [{ shape: [1, 1, 3, 2], scale: 1, zero: 4 }, kernel],
      { shape: [1, 1, 3, 1], scale: 1 },
      { ...window, layout: "NHWC", weightLayout: "OHWI" },
    );
    const first = network(
      "Conv",
      [
        { shape: [1, 2, 1, 3], scale: 1, zero: 4 },
        { ...kernel, shape: [1, 2, 1, 3], values: [1, 2, 3, 0, 0, 1] },
      ],
      { shape: [1, 1, 1, 3], scale: 1 },
      { ...window, layout: "NCHW", weightLayout: "OIHW" },
    );
    // Real values: channel 0 is 1 2 3, channel 1 is 0 1 −1.
    expect(run(last, [[5, 4, 6, 5, 7, 3]])).toEqual([9, 13, 8]);
    expect(run(first, [[5, 6, 7, 4, 5, 3]])).toEqual([9, 13, 8]);
  });

  it("keeps the channels of a depthwise convolution apart, with a scale each", () => {
    const model = network(
      "Conv",
      [
        { shape: [1, 2, 1, 2], scale: 1 },
        { shape: [1, 2, 1, 2], scale: [1, 1], values: [1, 10, 2, 20] },
      ],
      { shape: [1, 1, 1, 2], scale: 1 },
      { layout: "NHWC", weightLayout: "1HWO", group: 2, autoPad: "VALID" },
    );
    const weights = model.graph.nodes[0]!.input(1);
    weights.quantization = { scale: [1, 0.5], zeroPoint: [0, 0], axis: 3 };
    expect(run(model, [[1, 2, 3, 4]])).toEqual([7, 50]);
  });

  it("spreads one channel over several depthwise outputs", () => {
    const model = network(
      "Conv",
      [
        { shape: [1, 1, 2, 1], scale: 1 },
        { shape: [1, 1, 2, 3], scale: 1, values: [1, 2, 3, 10, 20, 30] },
      ],
      { shape: [1, 1, 1, 3], scale: 1 },
      { layout: "NHWC", weightLayout: "1HWO", group: 1, autoPad: "VALID" },
    );
    expect(run(model, [[1, 2]])).toEqual([21, 42, 63]);
  });

  it("adds, subtracts and multiplies over different scales, one side repeated", () => {
    const sides = [
      { shape: [1, 4], scale: 0.5, zero: 2 },
      { shape: [1, 1], scale: 0.25, zero: -4, values: [4] },
    ];
    const output = { shape: [1, 4], scale: 0.5, zero: 0 };
    // 2 is the second side; the first is 0, 1, −1, 64.
    const values = [[2, 4, 0, 127]];
    expect(run(network("Add", sides, output), values)).toEqual([4, 6, 2, 127]);
    expect(run(network("Sub", sides, output), values)).toEqual([-4, -2, -6, 121]);
    expect(run(network("Mul", sides, output), values)).toEqual([0, 4, -4, 127]);
  });

  it("averages inside of the image alone, halves away from zero", () => {
    const model = network(
      "AveragePool",
      [{ shape: [1, 3, 1, 1], scale: 1 }],
      { shape: [1, 2, 1, 1], scale: 1 },
      { layout: "NHWC", kernelShape: [2, 1], strides: [2, 1], autoPad: "SAME_UPPER" },
    );
    expect(run(model, [[-1, -2, 7]])).toEqual([-2, 7]);
  });

  it("means over axes by one multiplier", () => {
    const model = network(
      "ReduceMean",
      [
        { shape: [1, 3, 2], scale: 1 },
        { shape: [1], dtype: "int32", values: [1] },
      ],
      { shape: [1, 2], scale: 0.5, zero: 1 },
      { keepdims: 0 },
    );
    expect(run(model, [[1, -10, 2, -20, 3, -31]])).toEqual([5, -40]);
  });

  it("resizes with weights of 1/1024", () => {
    const model = network(
      "Resize",
      [{ shape: [1, 1, 2, 1], scale: 1 }],
      { shape: [1, 1, 4, 1], scale: 1 },
      { layout: "NHWC", mode: "linear", coordinateTransformationMode: "half_pixel" },
    );
    const node = model.graph.nodes[0]!;
    const sizes = tensor({ shape: [4], dtype: "int64", values: [1, 1, 4, 1] });
    node.inputs = [node.input(0), null, null, sizes];
    expect(run(model, [[0, 100]])).toEqual([0, 25, 75, 100]);
  });

  it("gives softmax that adds up to one, both ways within a step", () => {
    const model = network(
      "Softmax",
      [{ shape: [1, 4], scale: 0.1 }],
      { shape: [1, 4], scale: 1 / 256, zero: -128 },
      { axis: -1 },
    );
    const logits = [10, 20, 30, -128];
    const weights = logits.map((logit) => Math.exp(logit / 10));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const exact = weights.map((weight) => Math.round((256 * weight) / total) - 128);
    expect(run(model, [logits], { softmax: "table" })).toEqual(exact);
    expect(run(model, [logits])).toEqual(exact);
  });

  it("tabulates curves and rescales between types", () => {
    const sigmoid = network("Sigmoid", [{ shape: [3], scale: 0.125 }], {
      shape: [3],
      scale: 1 / 256,
      zero: -128,
    });
    expect(run(sigmoid, [[0, 8, -128]])).toEqual([0, 59, -128]);
    const to = network("QuantizeLinear", [{ shape: [2], scale: 0.5, zero: 128, dtype: "uint8" }], {
      shape: [2],
      scale: 1,
      zero: 3,
    });
    // Halves go up in the first rounding: 2.5 is 3 and −2.5 is −2.
    expect(run(to, [[133, 123]])).toEqual([6, 1]);
  });

  it("names the node and the operator that it does not handle", () => {
    const model = network("Elu", [{ shape: [2], scale: 1 }], { shape: [2], scale: 1 });
    expect(() => prepareReference(model)).toThrow(/Cannot run Elu 'only'.*not handled/);
    const wide = network("Softmax", [{ shape: [1, 2], scale: 1, dtype: "int16" }], {
      shape: [1, 2],
      scale: 1,
    });
    expect(() => prepareReference(wide)).toThrow(/'in0' is int16, expected int8 or uint8/);
  });

  it("names the input that is missing or of another size", () => {
    const model = network("Relu", [{ shape: [2], scale: 1 }], { shape: [2], scale: 1 });
    expect(() => runReference(model, new Map())).toThrow("input 'in0' is missing");
    expect(() => runReference(model, new Map([["in0", [1]]]))).toThrow("has 1 elements, expected 2 (2)");
  });
});

describe("fixed-point exponentials", () => {
  it("expNegative() is exp to 2^-22 and one at zero", () => {
    expect(expNegative(0)).toBe(2 ** 31 - 1);
    for (const real of [-0.001, -0.25, -0.3, -1, -2.7, -9, -30.9]) {
      const stored = Math.round(real * 2 ** 26);
      expect(Math.abs(expNegative(stored) / 2 ** 31 - Math.exp(stored / 2 ** 26))).toBeLessThan(2 ** -22);
    }
  });

  it("reciprocalOfOnePlus() is 1 / (1 + x) to 2^-26", () => {
    for (const real of [0, 0.1, 0.5, 0.75, 0.999]) {
      const stored = Math.floor(real * 2 ** 31);
      expect(Math.abs(reciprocalOfOnePlus(stored) / 2 ** 31 - 1 / (1 + real))).toBeLessThan(2 ** -26);
    }
  });
});
