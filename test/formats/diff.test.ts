import { describe, expect, it } from "vitest";
import { diffModels } from "../../lib/analyze/diff.js";
import { align } from "../../lib/analyze/diff-align.js";
import { imageLayouts } from "../../lib/analyze/diff-layouts.js";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import { encodeTflite } from "../../lib/formats/tflite/encode.js";
import { constantFrom, tensorNumbers } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { type Attributes, Node } from "../../lib/graph/node.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";
import { findPreset } from "../../lib/models/catalog.js";
import { bufferSource } from "../../lib/source.js";

const build = (id: string) => findPreset(id).build();
const again = (model: Model) => decodeTflite(bufferSource(model.name, encodeTflite(model)));

function weightsOf(model: Model, op: string): Tensor {
  return model.graph.nodes.find((node) => node.op === op)!.inputs[1]!;
}

describe("align()", () => {
  it("keeps both orders and leaves alone what has no partner", () => {
    const letters = (text: string) => [...text];
    const score = (a: string, b: string) => (a === b ? 2 : 0);
    const pairs = align(letters("abcd"), letters("axcd"), { score, same: (a, b) => a === b });
    expect(pairs.map(({ a, b }) => `${a ?? "-"}${b ?? "-"}`)).toEqual(["aa", "b-", "-x", "cc", "dd"]);
  });
});

describe("diffModels()", () => {
  it.each(["resnet8_32", "mobilenet_v2_0.35_128", "yolo_lc_192", "ad01"])(
    "finds %s, written and read again, the same",
    (id) => {
      const model = build(id);
      expect(diffModels(model, again(model))).toEqual([]);
    },
  );

  it("tells two widths apart by channels and weights, operator by operator", () => {
    const differences = diffModels(build("mobilenet_v1_0.25_224"), build("mobilenet_v1_0.5_224"));
    expect(differences.filter(({ kind }) => kind === "operator")).toEqual([]);
    const channels = differences.filter(({ what }) => what === "Conv channels");
    expect(channels).toHaveLength(27);
    expect(channels[0]).toMatchObject({ a: "3 → 8", b: "3 → 16" });
  });

  it("finds a single changed byte of the weights", () => {
    const model = again(build("resnet8_32"));
    const weights = weightsOf(model, "Conv");
    const data = Uint8Array.from(weights.data!.read());
    data[5] = (data[5]! + 3) & 0xff;
    weights.data = constantOf(data);
    const [difference, ...rest] = diffModels(build("resnet8_32"), model);
    expect(rest).toEqual([]);
    expect(difference).toMatchObject({ kind: "weights", what: "Conv weights", elements: 1 });
    expect([3, 253]).toContain(difference!.maxAbsDifference);
  });

  it("finds a single changed scale, and says both", () => {
    const model = again(build("resnet8_32"));
    const weights = weightsOf(model, "Conv");
    const { scale, ...rest } = weights.quantization!;
    weights.quantization = { ...rest, scale: scale.map((value, index) => (index === 2 ? 2 * value : value)) };
    expect(diffModels(build("resnet8_32"), model)).toEqual([
      {
        kind: "quantization",
        change: "changed",
        at: weightsOf(model, "Conv").name.replace("/weights", ""),
        what: "Conv weights",
        a: expect.stringMatching(/^channel 2 of 16: scale /),
        b: expect.stringMatching(/^channel 2 of 16: scale /),
      },
    ]);
  });

  it("finds an operator that is missing, without blaming those behind it", () => {
    const model = build("resnet8_32");
    const shorter = build("resnet8_32");
    const softmax = shorter.graph.nodes.at(-1)!;
    shorter.graph.removeNodes(new Set([softmax]));
    shorter.graph.outputs = [softmax.input(0)];
    expect(diffModels(model, shorter)).toMatchObject([
      { kind: "operator", change: "removed", what: "Softmax" },
    ]);
  });

  it("finds a network the same in NCHW, its weights OIHW and its activations apart", () => {
    const model = build("resnet8_32");
    const turned = channelsFirst(model);
    expect(diffModels(model, turned)).toEqual([]);
    const weights = weightsOf(turned, "Conv");
    const values = tensorNumbers(weights);
    values[7] = values[7] === 5 ? 6 : 5;
    weights.data = constantFrom("int8", values);
    expect(diffModels(model, turned)).toMatchObject([{ kind: "weights", elements: 1 }]);
  });
});

describe("diffModels() of a layer said in two ways", () => {
  const [channels, units] = [3, 2];
  const source = { format: "onnx" as const, op: "", index: 0 };
  const constant = (name: string, shape: readonly number[], values: readonly number[]) =>
    new Tensor({ name, dtype: "float32", shape, data: constantFrom("float32", values) });
  const float = (name: string, size: number) => new Tensor({ name, dtype: "float32", shape: [1, size] });
  const weights = [1, 2, 3, 4, 5, 6];
  const bias = [0.5, -0.5];

  function network(nodes: (x: Tensor, y: Tensor) => readonly Node[]): Model {
    const [x, y] = [float("x", channels), float("y", units)];
    const graph = new Graph({ name: "dense", inputs: [x], outputs: [y], nodes: nodes(x, y) });
    return { name: "dense", format: "onnx", graph, version: "", producer: "", metadata: new Map() };
  }

  const gemm = (values = weights) =>
    network((x, y) => {
      const inputs = [x, constant("w", [channels, units], values), constant("b", [units], bias)];
      return [new Node({ name: "gemm", op: "Gemm", inputs, outputs: [y], source })];
    });

  /** `order` puts the bias first or second. */
  const product = (order: "x first" | "bias first") =>
    network((x, y) => {
      const between = float("between", units);
      const operands = [between, constant("b", [units], bias)];
      const inputs = order === "x first" ? operands : operands.toReversed();
      return [
        new Node({
          name: "matmul",
          op: "MatMul",
          inputs: [x, constant("w", [channels, units], weights)],
          outputs: [between],
          source,
        }),
        new Node({ name: "add", op: "Add", inputs, outputs: [y], source }),
      ];
    });

  it.each(["x first", "bias first"] as const)("finds MatMul and Add the same as Gemm, %s", (order) => {
    expect(diffModels(product(order), gemm())).toEqual([]);
    expect(diffModels(gemm([9, ...weights.slice(1)]), product(order))).toMatchObject([
      { kind: "weights", what: "Dense weights", elements: 1, maxAbsDifference: 8 },
    ]);
  });

  it("says in one line that a layer is quantised, and apart from it what rounding does not explain", () => {
    const stored = (values: readonly number[]) => {
      const model = gemm();
      const [node] = model.graph.nodes;
      const quantization = { scale: [0.5], zeroPoint: [0], axis: null };
      node!.inputs[1] = new Tensor({
        name: "w",
        dtype: "int8",
        shape: [channels, units],
        quantization,
        data: constantFrom("int8", values),
      });
      model.graph.setNodes(model.graph.nodes);
      return model;
    };
    const line = { kind: "quantization", what: "Dense quantised", a: "float32" };
    const rounded = weights.map((value) => value + 0.2);
    expect(diffModels(gemm(rounded), stored([2, 4, 6, 8, 10, 12]))).toMatchObject([
      { ...line, b: "weights int8, scale 0.5, zero point 0", elements: 6 },
    ]);
    expect(diffModels(gemm(), stored([2, 4, 6, 8, 10, 13]))).toMatchObject([
      { kind: "weights", a: "1 of 6 differ by more than rounding", maxAbsDifference: 0.5 },
      line,
    ]);
  });
});

describe("imageLayouts()", () => {
  it("follows an image from where a Transpose turns it", () => {
    const image = (name: string, shape: readonly number[]) => new Tensor({ name, dtype: "float32", shape });
    const source = { format: "onnx" as const, op: "", index: 0 };
    const [x, clipped] = [image("x", [1, 4, 6, 3]), image("clipped", [1, 4, 6, 3])];
    const [turned, pooled, y] = [
      image("turned", [1, 3, 4, 6]),
      image("pooled", [1, 3, 2, 3]),
      image("y", [1, 3, 2, 3]),
    ];
    const attributes = { layout: "NCHW", kernelShape: [2, 2], strides: [2, 2] };
    const nodes = [
      new Node({ name: "clip", op: "Relu", inputs: [x], outputs: [clipped], source }),
      new Node({
        name: "turn",
        op: "Transpose",
        inputs: [clipped],
        outputs: [turned],
        attributes: { perm: [0, 3, 1, 2] },
        source,
      }),
      new Node({ name: "pool", op: "MaxPool", inputs: [turned], outputs: [pooled], attributes, source }),
      new Node({ name: "double", op: "Add", inputs: [pooled, pooled], outputs: [y], source }),
    ];
    const layouts = imageLayouts(new Graph({ name: "g", inputs: [x], outputs: [y], nodes }));
    expect([x, clipped, turned, pooled, y].map((tensor) => layouts.get(tensor))).toEqual([
      "last",
      "last",
      "first",
      "first",
      "first",
    ]);
  });
});

/** Returns the model as an ONNX export has it: NCHW images, OIHW weights, Relu as a node, biases as they are. */
function channelsFirst(model: Model): Model {
  const copies = new Map<Tensor, Tensor>();
  const turn = <T>(list: readonly T[]): T[] => [list[0]!, list[3]!, list[1]!, list[2]!];
  const copy = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor);
    if (known) return known;
    const { shape, quantization } = tensor;
    const image = shape?.length === 4;
    const axis = quantization?.axis === 3 ? 0 : (quantization?.axis ?? null);
    const made = new Tensor({
      ...tensor,
      name: `${tensor.name}:0`,
      shape: image ? turn(shape) : shape,
      quantization: quantization && { ...quantization, axis },
    });
    if (image && tensor.isConstant) {
      const [outputs, height, width, inputs] = tensor.staticShape() as [number, number, number, number];
      const values = tensorNumbers(tensor);
      const moved = new Float64Array(values.length);
      let next = 0;
      for (let o = 0; o < outputs; o++)
        for (let i = 0; i < inputs; i++)
          for (let hw = 0; hw < height * width; hw++)
            moved[next++] = values[(o * height * width + hw) * inputs + i]!;
      made.data = constantFrom(tensor.dtype, moved);
    }
    copies.set(tensor, made);
    return made;
  };
  const nodes = model.graph.nodes.flatMap((node, index): Node[] => {
    const { activation, layout, weightLayout, ...rest } = node.attributes;
    const attributes: Attributes = {
      ...rest,
      ...(layout ? { layout: "NCHW" } : {}),
      ...(weightLayout ? { weightLayout: "OIHW" } : {}),
    };
    const source = { format: "onnx" as const, op: node.op, index };
    const inputs = node.inputs.map((input) => input && copy(input));
    const output = copy(node.output());
    if (node.op === "ReduceMean") {
      inputs[1] = new Tensor({
        name: "axes",
        dtype: "int64",
        shape: [2],
        data: constantFrom("int64", [2, 3]),
      });
    }
    if (activation !== "relu") {
      return [new Node({ name: node.name, op: node.op, inputs, outputs: [output], attributes, source })];
    }
    const between = new Tensor({ ...output, name: `${output.name}/before` });
    return [
      new Node({ name: node.name, op: node.op, inputs, outputs: [between], attributes, source }),
      new Node({ name: `${node.name}/relu`, op: "Relu", inputs: [between], outputs: [output], source }),
    ];
  });
  const { graph } = model;
  return {
    ...model,
    format: "onnx",
    graph: new Graph({
      name: graph.name,
      inputs: graph.inputs.map(copy),
      outputs: graph.outputs.map(copy),
      nodes,
    }),
  };
}
