import onnxProto from "onnx-proto";
import { describe, expect, test } from "vitest";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { snakeCase } from "../../lib/formats/onnx/write/attribute.js";
import { type EncodedFile, encodeOnnx, onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { constantFrom } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { type Attributes, Node } from "../../lib/graph/node.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";
import { bufferSource } from "../../lib/source.js";

const { onnx } = onnxProto;
const source = { format: "onnx", op: "", index: 0 } as const;
const float = (name: string, shape: readonly number[]) => new Tensor({ name, dtype: "float32", shape });

/** Returns a model of one node that reads x and the given constants, and gives y. */
function oneNode(op: string, attributes: Attributes, constants: readonly Tensor[] = []): Model {
  const [x, y] = [float("x", [1, 4]), float("y", [1, 4])];
  const node = new Node({ name: "n", op, inputs: [x, ...constants], outputs: [y], attributes, source });
  const graph = new Graph({ name: "g", inputs: [x], outputs: [y], nodes: [node] });
  return {
    name: "m",
    format: "onnx",
    graph,
    version: "IR 8, opset 17",
    producer: "p 1",
    metadata: new Map([["k", "v"]]),
  };
}

const weights = (name: string, count: number) =>
  new Tensor({
    name,
    dtype: "float32",
    shape: [count],
    data: constantFrom(
      "float32",
      Array.from({ length: count }, (_, i) => i),
    ),
  });

const decoded = (model: Model) => onnx.ModelProto.decode(onnxBytes(model));
const joined = (file: EncodedFile) => Buffer.concat([...file.chunks()]);

describe("encodeOnnx()", () => {
  test("writes versions, producer, metadata and names as another reader finds them", () => {
    const { irVersion, opsetImport, producerName, metadataProps, graph } = decoded(oneNode("Relu", {}));
    expect(Number(irVersion)).toBe(8);
    expect(opsetImport!.map(({ domain, version }) => [domain, Number(version)])).toEqual([["", 17]]);
    expect([producerName, metadataProps![0]!.key, metadataProps![0]!.value]).toEqual(["p 1", "k", "v"]);
    expect(graph!.node!.map(({ name, opType, input, output }) => [name, opType, input, output])).toEqual([
      ["n", "Relu", ["x"], ["y"]],
    ]);
  });

  test("writes a whole number as float where the operator takes a float", () => {
    const kinds = (op: string, attributes: Attributes) =>
      decoded(oneNode(op, attributes)).graph!.node![0]!.attribute!.map(({ name, type }) => [name, type]);
    expect(kinds("LeakyRelu", { alpha: 1 })).toEqual([["alpha", 1]]);
    expect(kinds("Gemm", { alpha: 2, transB: 1 })).toEqual([
      ["alpha", 1],
      ["transB", 2],
    ]);
    expect(kinds("LpPool", { p: 2, kernelShape: [] })).toEqual([
      ["p", 2],
      ["kernel_shape", 7],
    ]);
    expect(kinds("Upsample", { scales: [2, 2] })).toEqual([["scales", 6]]);
  });

  test("keeps the largest int64, as exporters write it for an open end", () => {
    const model = decodeOnnx(bufferSource("m", onnxBytes(oneNode("Foo", { end: Number.MAX_SAFE_INTEGER }))));
    expect(model.graph.nodes[0]!.attributes.end).toBe(Number.MAX_SAFE_INTEGER);
    const { i } = decoded(oneNode("Foo", { end: Number.MAX_SAFE_INTEGER })).graph!.node![0]!.attribute![0]!;
    expect(String(i)).toBe("9223372036854775807");
  });

  test("gives tensors and nodes of one name a name each", () => {
    const model = oneNode("Foo", {}, [weights("x", 2), weights("x", 2)]);
    expect(decoded(model).graph!.node![0]!.input).toEqual(["x", "x_1", "x_2"]);
  });

  test("keeps texts, and bodies that read the graph around them", () => {
    const [x, body] = [float("x", [2]), float("b", [2])];
    const inner = new Graph({
      name: "then",
      inputs: [],
      outputs: [body],
      nodes: [new Node({ name: "i", op: "Relu", inputs: [x], outputs: [body], source })],
    });
    const flag = new Tensor({ name: "c", dtype: "bool", shape: [] });
    const y = float("y", [2]);
    // One text, "ab": count, two offsets, bytes.
    const text = new Uint8Array([1, 0, 0, 0, 12, 0, 0, 0, 14, 0, 0, 0, 97, 98]);
    const words = new Tensor({ name: "w", dtype: "string", shape: [1], data: constantOf(text) });
    const nodes = [
      new Node({
        name: "if",
        op: "If",
        inputs: [flag],
        outputs: [y],
        attributes: { thenBranch: inner },
        source,
      }),
      new Node({ name: "t", op: "Foo", inputs: [words], outputs: [float("z", [1])], source }),
    ];
    const graph = new Graph({ name: "g", inputs: [x, flag], outputs: [y], nodes });
    const again = decodeOnnx(bufferSource("m", onnxBytes({ ...oneNode("Relu", {}), graph })));
    const branch = again.graph.nodes[0]!.attributes.thenBranch as Graph;
    expect(branch.nodes[0]!.input(0)).toBe(again.graph.inputs[0]);
    expect([...again.graph.nodes[1]!.input(0).data!.read()]).toEqual([...text]);
  });

  test("puts weights beside the model when it passes the limit, each read once and where it says", () => {
    let reads = 0;
    const counted = (tensor: Tensor) => {
      const { data } = tensor;
      tensor.data = {
        byteLength: data!.byteLength,
        read: () => {
          reads += 1;
          return data!.read();
        },
      };
      return tensor;
    };
    const model = oneNode("Foo", {}, [
      counted(weights("a", 300)),
      counted(weights("b", 500)),
      weights("c", 2),
    ]);
    expect(encodeOnnx(model).data).toBeNull();
    const { model: file, data } = encodeOnnx(model, { externalData: { limit: 1000, name: "m.bin" } });
    expect(data!.name).toBe("m.bin");
    expect(reads).toBe(0);
    const [bytes, beside] = [joined(file), joined(data!)];
    expect(reads).toBe(2);
    expect([bytes.length, beside.length]).toEqual([file.size, data!.size]);
    const again = decodeOnnx(bufferSource("m", bytes), { siblings: (name) => bufferSource(name, beside) });
    for (const [index, tensor] of again.graph.nodes[0]!.inputs.entries()) {
      if (index > 0)
        expect([...tensor!.data!.read()]).toEqual([...model.graph.nodes[0]!.input(index).data!.read()]);
    }
  });

  test("writes lists as attributes for opsets that have them so", () => {
    const axes = new Tensor({ name: "axes", dtype: "int64", shape: [1], data: constantFrom("int64", [-1]) });
    const model = oneNode("ReduceMean", {}, [axes]);
    const node = (opset: number) => onnx.ModelProto.decode(onnxBytes(model, { opset })).graph!.node![0]!;
    expect(node(17).input).toEqual(["x"]);
    expect(node(17).attribute!.map(({ name, ints }) => [name, ints!.map(Number)])).toEqual([["axes", [-1]]]);
    expect(node(18).input).toEqual(["x", "axes"]);
  });

  test("refuses what is no ONNX, by the name of the node", () => {
    const refuse = (op: string, attributes: Attributes) => () => onnxBytes(oneNode(op, attributes));
    expect(refuse("Relu6", {})).toThrow("Cannot write Relu6 'n'");
    expect(refuse("SVDF", {})).toThrow("ONNX has no such operator");
    expect(refuse("CUSTOM:Fft", {})).toThrow("ONNX has no such operator");
    expect(refuse("Conv", { layout: "NHWC" })).toThrow("its layout is NHWC, expected NCHW");
    expect(refuse("Add", { activation: "relu" })).toThrow("the activation relu fused into it");
    const stored = oneNode("Relu", {});
    stored.graph.inputs[0]!.quantization = { scale: [1], zeroPoint: [0], axis: null };
    expect(() => onnxBytes(stored)).toThrow("the quantisation of 'x' is on the tensor");
  });
});

describe("snakeCase()", () => {
  test("undoes what reading does to names", () => {
    expect(["kernelShape", "transB", "order_A", "K", "cubicCoeffA", "to"].map(snakeCase)).toEqual([
      "kernel_shape",
      "transB",
      "order_A",
      "K",
      "cubic_coeff_a",
      "to",
    ]);
  });
});
