import { describe, expect, it } from "vitest";
import { diffModels } from "../../lib/analyze/diff.js";
import { align } from "../../lib/analyze/diff-align.js";
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
