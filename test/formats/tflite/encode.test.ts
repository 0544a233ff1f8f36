import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { diffModels } from "../../../lib/analyze/diff.js";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import { encodeTflite } from "../../../lib/formats/tflite/encode.js";
import { constantFrom, tensorNumbers } from "../../../lib/graph/elements.js";
import { Graph, type Model } from "../../../lib/graph/graph.js";
import { Node } from "../../../lib/graph/node.js";
import { type Sparsity, Tensor } from "../../../lib/graph/tensor.js";
import { CATALOG, findPreset } from "../../../lib/models/catalog.js";
import { bufferSource } from "../../../lib/source.js";
import { describeShared, requireShared } from "../../shared.js";
import { plainModel } from "./compare.js";

const decode = (data: Uint8Array) => decodeTflite(bufferSource("model.tflite", data));

function tfliteFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".tflite"))
    .toSorted();
}

describeShared("encodeTflite() on real files", () => {
  const folder = requireShared("models");
  it.each(tfliteFiles(folder))("gives back every field of %s", (file) => {
    const model = decode(readFileSync(join(folder, file)));
    const again = decode(encodeTflite(model));
    expect(plainModel(again)).toEqual(plainModel(model));
    expect(diffModels(model, again)).toEqual([]);
  });
});

/** A graph without what only a file or only code says: where it comes from, constants' identity and names. */
function essence(graph: Graph): object {
  const constant = (tensor: Tensor) => ({
    dtype: tensor.dtype,
    shape: tensor.shape,
    quantization: tensor.quantization,
    data: Buffer.from(tensor.data!.read()).toString("base64"),
  });
  const edge = (tensor: Tensor | null) => {
    if (tensor?.isConstant) return constant(tensor);
    return tensor && [tensor.name, tensor.dtype, tensor.shape, tensor.quantization];
  };
  return {
    inputs: graph.inputs.map(edge),
    outputs: graph.outputs.map(edge),
    nodes: graph.nodes.map((node) => ({
      name: node.name,
      op: node.op,
      builtin: node.source.op,
      inputs: node.inputs.map(edge),
      outputs: node.outputs.map(edge),
      attributes: node.attributes,
    })),
  };
}

describe("encodeTflite()", () => {
  it.each(CATALOG.map((preset) => preset.id))("writes %s, built in code, as it is", (id) => {
    const model = findPreset(id).build();
    const again = decode(encodeTflite(model));
    expect(essence(again.graph)).toEqual(essence(model.graph));
    expect([...again.metadata]).toEqual([...model.metadata]);
  });

  it("gives built nodes the versions that the converter gives", () => {
    const { graph } = decode(encodeTflite(findPreset("vww_96").build()));
    const versions = new Set(graph.nodes.map(({ source }) => `${source.op} ${source.recorded?.version}`));
    expect([...versions].toSorted()).toEqual([
      "AVERAGE_POOL_2D 2",
      "CONV_2D 3",
      "DEPTHWISE_CONV_2D 3",
      "FULLY_CONNECTED 4",
      "RESHAPE 1",
      "SOFTMAX 2",
    ]);
  });

  it("puts contents last, each at a multiple of 16, inside or behind", () => {
    const model = findPreset("resnet8_32").build();
    for (const constants of ["inside", "behind"] as const) {
      const file = encodeTflite(model, { constants });
      const again = decode(file);
      expect(essence(again.graph)).toEqual(essence(model.graph));
      for (const tensor of again.graph.constants()) expect(tensor.data!.read().byteOffset % 16).toBe(0);
    }
  });

  it("keeps subgraphs, signatures, variables, metadata, calibration and what lies in blocks or without zeros", () => {
    const model = richModel();
    const again = decode(encodeTflite(model));
    expect(plainModel(again)).toEqual(plainModel(decode(encodeTflite(again))));
    expect(again.signatures).toEqual(model.signatures);
    expect([...again.metadataBytes!.values()].map((data) => [...data.read()])).toEqual([[1, 2, 255]]);
    expect(again.subgraphs!.map(({ name }) => name)).toEqual(["body"]);
    const [x, state, weights, block] = again.graph.nodes[0]!.inputs;
    expect(x!.recorded).toEqual({ shapeSignature: [-1, 4], range: { min: [-1], max: [1] } });
    expect(state!.isVariable).toBe(true);
    expect(weights!.recorded!.sparsity).toEqual(SPARSITY);
    expect([...tensorNumbers(weights!)]).toEqual(MATRIX);
    expect(block!.quantization).toBeNull();
    expect(block!.blocks).toMatchObject({ blockSize: 2, blockShape: [], axis: 1, zeroPoints: null });
    expect([...tensorNumbers(block!.blocks!.scales)]).toEqual([1, 2]);
  });

  it("keeps numbers of debug metadata, blocks along several axes, and types of eight bits", () => {
    const again = decode(encodeTflite(richModel()));
    const [node] = again.graph.nodes;
    expect(again.graph.debugMetadata).toBe(5);
    expect(again.subgraphs![0]!.debugMetadata).toBeNull();
    expect(node!.source.recorded).toEqual({ version: 1, options: {}, debugMetadata: 7 });
    const grid = node!.inputs[4]!;
    expect(grid.dtype).toBe("float8e4m3fn");
    expect(grid.blocks).toMatchObject({ blockSize: 2, blockShape: [], axis: 0, axes: [0, 1] });
    expect([...tensorNumbers(grid.blocks!.scales)]).toEqual([1, 2]);
    expect([...tensorNumbers(grid.blocks!.zeroPoints!)]).toEqual([3, 4]);
  });

  it.each(["inside", "behind"] as const)("keeps the bytes of custom operators %s", (constants) => {
    const file = encodeTflite(richModel(), { constants });
    const options = decode(file).graph.nodes[0]!.attributes.customOptions as Tensor;
    expect([...options.data!.read()]).toEqual([8, 9]);
    // Behind, they are where runtimes look for large ones: at an offset from the start of the file.
    const at = options.data!.read().byteOffset - file.byteOffset;
    expect(slotOfOperator(file, 14) === null).toBe(constants === "behind");
    if (constants === "behind") {
      const view = new DataView(file.buffer, file.byteOffset);
      expect(Number(view.getBigUint64(slotOfOperator(file, 22)!, true))).toBe(at);
      expect(Number(view.getBigUint64(slotOfOperator(file, 24)!, true))).toBe(2);
    }
  });

  it("stores a constant dense once its zeros are gone", () => {
    const model = richModel();
    const weights = model.graph.nodes[0]!.inputs[2]!;
    weights.data = constantFrom(
      "int8",
      MATRIX.map((value) => value + 1),
    );
    const again = decode(encodeTflite(model)).graph.nodes[0]!.inputs[2]!;
    expect([...tensorNumbers(again)]).toEqual(MATRIX.map((value) => value + 1));
    expect(again.recorded).toBeNull();
  });

  it("refuses what TFLite cannot express, naming the node", () => {
    const model = findPreset("resnet8_32").build();
    const node = model.graph.nodes.find(({ op }) => op === "Conv")!;
    node.attributes = { ...node.attributes, layout: "NCHW" };
    expect(() => encodeTflite(model)).toThrow(/Cannot write Conv '.*' .*: its layout is NCHW, expected NHWC/);
  });

  it("is read the same by the flatbuffers package", () => {
    const file = encodeTflite(findPreset("ad01").build());
    const bb = new ByteBuffer(file);
    const root = bb.readInt32(0);
    const field = (table: number, slot: number) => {
      const offset = bb.__offset(table, slot);
      return offset === 0 ? null : table + offset;
    };
    expect(bb.__has_identifier("TFL3")).toBe(true);
    expect(bb.readUint32(field(root, 4)!)).toBe(3);
    const buffers = field(root, 12)!;
    const sizes = Array.from({ length: bb.__vector_len(buffers) }, (_, index) => {
      const buffer = bb.__indirect(bb.__vector(buffers) + 4 * index);
      const data = field(buffer, 4);
      return data === null ? 0 : bb.__vector_len(data);
    });
    const { graph } = findPreset("ad01").build();
    const total = graph.constants().reduce((sum, { data }) => sum + data!.byteLength, 0);
    expect(sizes[0]).toBe(0);
    expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThanOrEqual(total);
    const subgraph = bb.__indirect(bb.__vector(field(root, 8)!));
    const tensors = field(subgraph, 4)!;
    const names = Array.from({ length: bb.__vector_len(tensors) }, (_, index) =>
      bb.__string(field(bb.__indirect(bb.__vector(tensors) + 4 * index), 10)!),
    );
    expect(names).toContain(graph.inputs[0]!.name);
  });
});

/** Returns where the first operator of the first subgraph has a field; null when it leaves it out. */
function slotOfOperator(file: Uint8Array, slot: number): number | null {
  const bb = new ByteBuffer(file);
  const field = (table: number, number: number) => table + bb.__offset(table, number);
  const subgraph = bb.__indirect(bb.__vector(field(bb.readInt32(0), 8)));
  const operator = bb.__indirect(bb.__vector(field(subgraph, 10)));
  const found = bb.__offset(operator, slot);
  return found === 0 ? null : operator + found;
}

/** 3×4, row by row; stored are 5 7 9. The example of sparsity.ts. */
const MATRIX = [0, 5, 0, 0, 0, 0, 0, 0, 7, 0, 0, 9];
const SPARSITY: Sparsity = {
  traversalOrder: [0, 1],
  blockMap: [],
  dimensions: [
    { format: "dense", denseSize: 3, segments: null, indices: null },
    {
      format: "csr",
      denseSize: 0,
      segments: { width: "uint8", values: [0, 1, 1, 3] },
      indices: { width: "uint16", values: [1, 0, 3] },
    },
  ],
};

/** One operator of a name of its own over a tensor of each kind, a second graph, a signature, metadata. */
function richModel(): Model {
  const float = (name: string, values: readonly number[]) =>
    new Tensor({
      name,
      dtype: "float32",
      shape: [values.length],
      data: constantFrom("float32", values),
    });
  const x = new Tensor({
    name: "x",
    dtype: "float32",
    shape: [1, 4],
    recorded: { shapeSignature: [-1, 4], range: { min: [-1], max: [1] } },
  });
  const state = new Tensor({ name: "state", dtype: "float32", shape: [1, 4], isVariable: true });
  const weights = new Tensor({
    name: "weights",
    dtype: "int8",
    shape: [3, 4],
    data: constantFrom("int8", MATRIX),
    recorded: { sparsity: SPARSITY },
  });
  const block = new Tensor({
    name: "block",
    dtype: "int8",
    shape: [1, 4],
    data: constantFrom("int8", [1, 2, 3, 4]),
    blocks: { scales: float("scales", [1, 2]), zeroPoints: null, blockSize: 2, blockShape: [], axis: 1 },
  });
  const grid = new Tensor({
    name: "grid",
    dtype: "float8e4m3fn",
    shape: [2, 2],
    data: constantFrom("uint8", [0x38, 0x40, 0x38, 0x40]),
    blocks: {
      scales: float("scales of the grid", [1, 2]),
      zeroPoints: float("zeros of the grid", [3, 4]),
      blockSize: 2,
      blockShape: [],
      axis: 0,
      axes: [0, 1],
    },
  });
  const y = new Tensor({ name: "y", dtype: "float32", shape: [1, 4] });
  const node = new Node({
    name: "y",
    op: "CUSTOM:mix",
    inputs: [x, state, weights, block, grid, null],
    outputs: [y],
    attributes: {
      customOptions: new Tensor({
        name: "options",
        dtype: "uint8",
        shape: [2],
        data: constantFrom("uint8", [8, 9]),
      }),
    },
    source: {
      format: "tflite",
      op: "CUSTOM:mix",
      index: 0,
      recorded: { version: 1, options: {}, debugMetadata: 7 },
    },
  });
  const inner = new Tensor({ name: "inner", dtype: "resource", shape: [] });
  return {
    name: "rich",
    format: "built",
    version: "",
    producer: "test",
    metadata: new Map([["raw", "3 bytes"]]),
    metadataBytes: new Map([["raw", constantFrom("uint8", [1, 2, 255])]]),
    graph: new Graph({ name: "main", inputs: [x], outputs: [y], nodes: [node], debugMetadata: 5 }),
    subgraphs: [new Graph({ name: "body", inputs: [inner], outputs: [inner], nodes: [] })],
    signatures: [
      {
        key: "serve",
        graph: 0,
        inputs: new Map([["image", "x"]]),
        outputs: new Map([["scores", "y"]]),
      },
    ],
  };
}
