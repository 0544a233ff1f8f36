import { describe, expect, it } from "vitest";
import { tinyOnnx } from "../../../datasets/fixtures/make.js";
import type { OnnxOptions } from "../../../lib/formats/onnx/decode.js";
import { decodeOnnx } from "../../../lib/formats/onnx/decode.js";
import { tensorNumbers } from "../../../lib/graph/elements.js";
import { Graph } from "../../../lib/graph/graph.js";
import type { Tensor } from "../../../lib/graph/tensor.js";
import { bufferSource } from "../../../lib/source.js";
import {
  decodeGraph,
  decodeNode,
  type GraphDraft,
  inputsOf,
  ints,
  onnx,
  refusal,
  type TensorDraft,
  value,
} from "./drafts.js";

describe("decodeOnnx()", () => {
  const model = decodeOnnx(bufferSource("nets/tiny.onnx", tinyOnnx()));
  const nodes = new Map(model.graph.nodes.map((node) => [node.name, node]));

  it("says what the file says about itself", () => {
    expect(model).toMatchObject({
      name: "tiny",
      format: "onnx",
      version: "IR 7, opset 13",
      producer: "npulab-fixtures 1",
    });
    expect(model.metadata.get("task")).toBe("none");
  });

  it("keeps free sizes by name and leaves the rest to inference", () => {
    expect(model.graph.inputs[0]!.shape).toEqual(["batch", 2, 4, 4]);
    expect(nodes.get("relu")!.output().shape).toBeNull();
  });

  it("knows the element types that nodes imply", () => {
    expect(nodes.get("quantize")!.output().dtype).toBe("int8");
    expect(nodes.get("image_dq")!.output().dtype).toBe("float32");
  });

  it("reads attributes in camel case, with layouts", () => {
    expect(nodes.get("stem")!.attributes).toEqual({
      kernelShape: [3, 3],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      layout: "NCHW",
      weightLayout: "OIHW",
    });
  });

  it("reads raw data as views into the file", () => {
    const bytes = tinyOnnx();
    const { graph } = decodeOnnx(bufferSource("tiny", bytes));
    const weights = graph.constants().find(({ name }) => name === "w")!;
    expect(weights.data!.read().buffer).toBe(bytes.buffer);
  });

  it("reads what onnx-proto reads", () => {
    const proto = onnx.ModelProto.decode(tinyOnnx());
    const { graph } = model;
    expect(graph.nodes.map(({ source }) => source.op)).toEqual(
      proto.graph!.node!.map(({ opType }) => opType),
    );
    expect(graph.nodes.map((node) => node.inputs.map((input) => input!.name))).toEqual(
      proto.graph!.node!.map(({ input }) => input),
    );
    const constants = new Map(graph.constants().map((tensor) => [tensor.name, tensor]));
    for (const { name, dims, rawData } of proto.graph!.initializer!) {
      const tensor = constants.get(name!)!;
      expect(tensor.shape).toEqual(dims!.map(Number));
      if (rawData!.length > 0) expect(Buffer.compare(tensor.data!.read(), rawData!)).toBe(0);
    }
  });

  it("does not take constants that are listed among the inputs for inputs", () => {
    const { graph } = decodeGraph({
      input: [value("x", [2]), value("w", [2])],
      output: [value("y")],
      initializer: [{ name: "w", dataType: 1, dims: [2], floatData: [1, 2] }],
      node: [{ opType: "Add", input: ["x", "w"], output: ["y"] }],
    });
    expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(inputsOf(graph.nodes[0]!)).toEqual(["x", [1, 2]]);
  });

  it("turns Constant nodes into constants and keeps the place of the others", () => {
    const { graph } = decodeGraph({
      input: [value("x", [2])],
      output: [value("y")],
      node: [
        { opType: "Constant", output: ["c"], attribute: [ints("value_ints", [3, -4])] },
        { opType: "Expand", input: ["x", "c"], output: ["y"] },
      ],
    });
    expect(graph.nodes.map(({ op, source }) => [op, source.index])).toEqual([["Expand", 1]]);
    expect(inputsOf(graph.nodes[0]!)).toEqual(["x", [3, -4]]);
  });

  it("sorts nodes that are out of order", () => {
    const { graph } = decodeGraph({
      input: [value("x", [2])],
      output: [value("y")],
      node: [
        { opType: "Relu", input: ["h"], output: ["y"] },
        { opType: "Neg", input: ["x"], output: ["h"] },
      ],
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Neg", "Relu"]);
  });

  it("names operators of other domains with their domain", () => {
    const { graph } = decodeGraph({
      input: [value("x", [2])],
      output: [value("y")],
      node: [{ opType: "Gelu", domain: "com.microsoft", input: ["x"], output: ["y"] }],
    });
    expect(graph.nodes[0]!.op).toBe("com.microsoft:Gelu");
  });

  it("reads graphs in attributes, which see the names around them", () => {
    const branch = (opType: string) => ({
      name: opType,
      node: [{ opType, input: ["x"], output: ["z"] }],
      output: [value("z")],
    });
    const { graph } = decodeGraph({
      input: [value("x", [2]), value("c", [], 9)],
      output: [value("y")],
      node: [
        {
          opType: "If",
          input: ["c"],
          output: ["y"],
          attribute: [
            { name: "then_branch", type: 5, g: branch("Neg") },
            { name: "else_branch", type: 5, g: branch("Abs") },
          ],
        },
      ],
    });
    const then = graph.nodes[0]!.attributes.thenBranch as Graph;
    expect(then).toBeInstanceOf(Graph);
    expect(then.nodes[0]!.inputs[0]).toBe(graph.inputs[0]);
  });
});

describe("typed data", () => {
  const constant = (draft: TensorDraft): Tensor =>
    decodeGraph({ initializer: [{ name: "c", ...draft }], output: [value("c", undefined, 1)] }).graph
      .outputs[0]!;

  it("is converted when read", () => {
    expect([...tensorNumbers(constant({ dataType: 1, dims: [2], floatData: [0.5, -2] }))]).toEqual([0.5, -2]);
    expect([...tensorNumbers(constant({ dataType: 11, dims: [1], doubleData: [0.1] }))]).toEqual([0.1]);
    expect([...tensorNumbers(constant({ dataType: 3, dims: [3], int32Data: [-128, -1, 127] }))]).toEqual([
      -128, -1, 127,
    ]);
    expect([...tensorNumbers(constant({ dataType: 5, dims: [2], int32Data: [-300, 300] }))]).toEqual([
      -300, 300,
    ]);
    expect([...tensorNumbers(constant({ dataType: 6, dims: [1], int32Data: [-70000] }))]).toEqual([-70000]);
    expect([...tensorNumbers(constant({ dataType: 7, dims: [2], int64Data: [-5, 2 ** 40] }))]).toEqual([
      -5,
      2 ** 40,
    ]);
    expect([...tensorNumbers(constant({ dataType: 12, dims: [1], uint64Data: [2 ** 32 - 1] }))]).toEqual([
      2 ** 32 - 1,
    ]);
  });

  it("holds two 4-bit numbers in each varint", () => {
    const int4 = constant({ dataType: 22, dims: [3], int32Data: [0x21, 0x0f] });
    expect(int4.dtype).toBe("int4");
    expect([...int4.data!.read()]).toEqual([0x21, 0x0f]);
  });

  it("hands strings on in TFLite's layout", () => {
    const strings = constant({
      dataType: 8,
      dims: [2],
      stringData: [Uint8Array.of(97), Uint8Array.of(98, 99)],
    });
    const data = strings.data!.read();
    expect([...new Int32Array(data.slice(0, 16).buffer)]).toEqual([2, 16, 17, 19]);
    expect(new TextDecoder().decode(data.subarray(16))).toBe("abc");
  });

  it("is refused when it is missing, of another type or too short", () => {
    expect(refusal(() => constant({ dataType: 1, dims: [2] })).message).toMatch(
      /has no data, expected 8 bytes/,
    );
    expect(refusal(() => constant({ dataType: 1, dims: [1], int32Data: [1] })).message).toMatch(
      /FLOAT has int32_data, expected float_data or raw_data/,
    );
    expect(refusal(() => constant({ dataType: 1, dims: [3], floatData: [1, 2] }))).toMatchObject({
      code: "DATA_SIZE",
      message: "Cannot read constant 'c': its data has 8 bytes, expected 12 for float32 3",
    });
    expect(refusal(() => constant({ dataType: 99, dims: [1] })).message).toMatch(/data type is 99/);
  });
});

describe("external data", () => {
  const external = (location: string, more: Readonly<Record<string, string>> = {}): GraphDraft => ({
    output: [value("c", [2])],
    initializer: [
      {
        name: "c",
        dataType: 3,
        dims: [2],
        dataLocation: 1,
        externalData: Object.entries({ location, ...more }).map(([key, text]) => ({ key, value: text })),
      },
    ],
  });
  const file = bufferSource("w.bin", Uint8Array.of(1, 2, 3, 4));

  it("is read from beside the model when asked for", () => {
    const options = {
      siblings: (name: string) => (name === "sub/w.bin" ? file : bufferSource(name, new Uint8Array())),
    };
    const { graph } = decodeGraph(external("sub/w.bin", { offset: "2", length: "2" }), { options });
    expect([...tensorNumbers(graph.outputs[0]!)]).toEqual([3, 4]);
  });

  it.each(["/etc/passwd", "../w.bin", "a/../../w.bin", "C:\\w.bin", "https://x/w.bin", ""])(
    "is refused from '%s'",
    (location) => {
      expect(refusal(() => decodeGraph(external(location))).code).toBe("EXTERNAL_DATA");
    },
  );

  it("says so when the file is not there, or too short", () => {
    const read = (options: OnnxOptions, more = {}) =>
      refusal(() => decodeGraph(external("w.bin", more), { options }).graph.outputs[0]!.data!.read()).message;
    expect(read({})).toMatch(/its data lies in 'w.bin', which was not given/);
    const siblings = () => {
      throw new Error("ENOENT");
    };
    expect(read({ siblings })).toMatch(/'w.bin' cannot be opened/);
    expect(read({ siblings: () => file }, { offset: "3" })).toMatch(/end at byte 5 of 'w.bin', which has 4/);
  });
});

describe("decodeOnnx() refuses", () => {
  const x = [value("x", [2])];
  const y = [value("y")];
  it.each<[claim: string, graph: GraphDraft, text: RegExp]>([
    [
      "names that nothing computes",
      { input: x, output: y, node: [{ opType: "Neg", input: ["ghost"], output: ["y"] }] },
      /'ghost' is read, and is neither/,
    ],
    [
      "values that are computed twice",
      {
        input: x,
        output: y,
        node: [
          { opType: "Neg", input: ["x"], output: ["y"] },
          { opType: "Abs", input: ["x"], output: ["y"] },
        ],
      },
      /'y' has a value already/,
    ],
    [
      "nodes in a circle",
      {
        output: y,
        node: [
          { opType: "Neg", input: ["y"], output: ["z"] },
          { opType: "Abs", input: ["z"], output: ["y"] },
        ],
      },
      /needs its own result/,
    ],
    ["nodes without an operator", { node: [{ output: ["y"] }] }, /names no operator/],
  ])("%s", (_, graph, text) => {
    expect(refusal(() => decodeGraph(graph)).message).toMatch(text);
  });

  it("files that do not say their operator set", () => {
    const graph = { input: x, output: y, node: [{ opType: "Neg", input: ["x"], output: ["y"] }] };
    expect(refusal(() => decodeGraph(graph, { model: { opsetImport: [] } })).message).toMatch(
      /imports no operator set/,
    );
    expect(decodeGraph(graph, { model: { irVersion: 2, opsetImport: [] } }).version).toBe("IR 2, opset 1");
  });
});

describe("decodeOnnx() keeps", () => {
  const floats = (name: string, dims: number[], floatData: number[]) => ({
    name,
    dataType: 1,
    dims,
    floatData,
  });
  const y = [value("y")];
  const places = (dims: number[], int64Data: number[]) => ({ name: "at", dataType: 7, dims, int64Data });

  it.each<[form: string, indices: TensorDraft]>([
    ["places in the flattened tensor", places([2], [1, 5])],
    ["an index per axis", places([2, 2], [0, 1, 1, 2])],
  ])("sparse constants, given %s, as dense ones", (_, indices) => {
    const { graph } = decodeGraph({
      output: y,
      sparseInitializer: [{ values: floats("w", [2], [7, 9]), indices, dims: [2, 3] }],
      node: [{ opType: "Relu", input: ["w"], output: ["y"] }],
    });
    const [w] = graph.constants();
    expect(w).toMatchObject({ name: "w", dtype: "float32", shape: [2, 3] });
    expect([...tensorNumbers(w!)]).toEqual([0, 7, 0, 0, 0, 9]);
  });

  it("refuses to unfold an index that lies outside", () => {
    const { graph } = decodeGraph({
      output: y,
      sparseInitializer: [{ values: floats("w", [1], [7]), indices: places([1], [6]), dims: [2, 3] }],
      node: [{ opType: "Relu", input: ["w"], output: ["y"] }],
    });
    expect(refusal(() => graph.constants()[0]!.data!.read()).message).toMatch(/index 6 is outside of 2x3/);
  });

  it.each<[kind: string, scales: number[], axis: number | null]>([
    ["per tensor", [0.5], null],
    ["per channel", [0.5, 0.25, 2], 1],
  ])("quantisation annotations %s", (_, scales, axis) => {
    const { graph } = decodeGraph({
      input: [value("x", [2, 3], 3)],
      output: [value("y", [2, 3], 3)],
      initializer: [
        floats("s", scales.length === 1 ? [] : [scales.length], scales),
        { name: "z", dataType: 3, dims: [], int32Data: [-4] },
      ],
      quantizationAnnotation: [
        {
          tensorName: "y",
          quantParameterTensorNames: [
            { key: "SCALE_TENSOR", value: "s" },
            { key: "ZERO_POINT_TENSOR", value: "z" },
          ],
        },
      ],
      node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
    });
    expect(graph.outputs[0]!.quantization).toEqual({ scale: scales, zeroPoint: scales.map(() => -4), axis });
  });

  it("values that are no tensors, by the words of ONNX", () => {
    const map = { mapType: { keyType: 7, valueType: { tensorType: { elemType: 1 } } } };
    const { graph } = decodeGraph({
      input: [
        { name: "s", type: { sequenceType: { elemType: map } } },
        { name: "n", type: { sequenceType: {} } },
      ],
      output: y,
      node: [{ opType: "Mine", domain: "ai.onnx.ml", input: ["s", "n"], output: ["y"] }],
    });
    expect(graph.inputs.map(({ container, dtype, shape }) => [container, dtype, shape])).toEqual([
      ["seq(map(int64,tensor(float)))", "float32", null],
      ["seq(undefined)", "float32", null],
    ]);
    expect(graph.nodes[0]!.op).toBe("ai.onnx.ml:Mine");
  });

  it("attributes that are lists of tensors and of graphs", () => {
    const node = decodeNode({
      opType: "Mine",
      domain: "mine",
      input: ["x"],
      attribute: [
        { name: "some_tensors", type: 9, tensors: [floats("a", [1], [2]), floats("b", [1], [3])] },
        { name: "bodies", type: 10, graphs: [{ name: "one", output: [{ name: "x" }] }] },
      ],
    });
    const { someTensors, bodies } = node.attributes as unknown as { someTensors: Tensor[]; bodies: Graph[] };
    expect(someTensors.map((tensor) => [...tensorNumbers(tensor)])).toEqual([[2], [3]]);
    expect(bodies[0]).toBeInstanceOf(Graph);
    expect(bodies[0]!.outputs[0]).toBe(node.inputs[0]);
  });

  it("the attributes of equal nodes once", () => {
    const conv = (input: string, output: string) => ({
      opType: "Conv",
      input: [input, "w"],
      output: [output],
      attribute: [ints("pads", [1, 1, 1, 1])],
    });
    const { graph } = decodeGraph({
      input: [value("x", [1, 2, 4, 4])],
      output: [value("y")],
      initializer: [floats("w", [2, 2, 3, 3], new Array(36).fill(0))],
      node: [conv("x", "a"), conv("a", "y")],
    });
    const [first, second] = graph.nodes;
    expect(first!.attributes).toEqual({ pads: [1, 1, 1, 1], layout: "NCHW", weightLayout: "OIHW" });
    expect(second!.attributes).toBe(first!.attributes);
  });
});
