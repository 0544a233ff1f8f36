/**
 * How much of the heap a decoded file takes: at most four times the file, beside what is always fine. Files of
 * structure alone, since constants stay where they are.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import onnxProto from "onnx-proto";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../lib/errors.js";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import { encodeTflite } from "../../lib/formats/tflite/encode.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { Node } from "../../lib/graph/node.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";
import { bufferSource } from "../../lib/source.js";

const { onnx } = onnxProto;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What the decoder's own tables and compiled code may take. */
const ALWAYS_FINE = 4 << 20;

function heap(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Returns what `decode` gives and how many bytes more are in use while that is held. */
function held<T>(decode: () => T): { readonly value: T; readonly bytes: number } {
  decode();
  const before = heap();
  const value = decode();
  return { value, bytes: heap() - before };
}

const NODES = 8_000;

/** A chain of nodes, each with a constant of `bytes` bytes. */
function chain(bytes: number): Model {
  const x = new Tensor({ name: "x", dtype: "int8", shape: [1, bytes] });
  let last = x;
  const nodes = Array.from({ length: NODES }, (_, index) => {
    const weights = new Tensor({
      name: `stage_${index}/weights`,
      dtype: "int8",
      shape: [1, bytes],
      data: constantOf(new Uint8Array(bytes).fill(index)),
      quantization: { scale: [0.5 + index], zeroPoint: [0], axis: null },
    });
    const y = new Tensor({
      name: `stage_${index}/sum`,
      dtype: "int8",
      shape: [1, bytes],
      quantization: { scale: [0.25 + index], zeroPoint: [-128], axis: null },
    });
    const node = new Node({
      name: y.name,
      op: "Add",
      inputs: [last, weights],
      outputs: [y],
      source: { format: "built", op: "Add", index },
    });
    last = y;
    return node;
  });
  const graph = new Graph({ name: "chain", inputs: [x], outputs: [last], nodes });
  return { name: "chain", format: "built", version: "", producer: "", metadata: new Map(), graph };
}

/** `count` tensors or operators that are one table, with lists and a name that all of them share. */
function overlapping(count: number, kind: "tensors" | "operators"): Uint8Array {
  const list = 64;
  const shared = 152 + 4 * count;
  const bytes = new Uint8Array(shared + 24 + 4 + 4 * list);
  const view = new DataView(bytes.buffer);
  const words = (at: number, ...values: readonly number[]) => {
    for (const [index, value] of values.entries()) view.setUint16(at + 2 * index, value, true);
  };
  const link = (at: number, target: number) => view.setUint32(at, target - at, true);
  const table = (at: number, vtable: number) => view.setInt32(at, at - vtable, true);
  bytes.set(new TextEncoder().encode("TFL3"), 4);
  // Model: version, operator codes, subgraphs.
  words(8, 10, 16, 4, 8, 12);
  link(0, 20);
  table(20, 8);
  view.setUint32(24, 3, true);
  // One operator code, all of it absent: ADD.
  link(28, 40);
  view.setUint32(40, 1, true);
  link(44, 52);
  words(48, 4, 4);
  table(52, 48);
  // One subgraph: tensors at slot 4, operators at slot 10.
  link(32, 60);
  view.setUint32(60, 1, true);
  link(64, 84);
  words(68, 12, 8, kind === "tensors" ? 4 : 0, 0, 0, kind === "operators" ? 4 : 0);
  table(84, 68);
  link(88, 148);
  view.setUint32(148, count, true);
  for (let index = 0; index < count; index++) link(152 + 4 * index, shared + 8);
  // Tensor: shape; operator: mutating inputs. The vtable is in the room before the list.
  words(100, ...(kind === "tensors" ? [6, 8, 4] : [20, 8, 0, 0, 0, 0, 0, 0, 0, 4]));
  table(shared + 8, 100);
  link(shared + 12, shared + 24);
  view.setUint32(shared + 24, list, true);
  return bytes;
}

describe("decodeTflite() keeps at most four times the file", () => {
  it.each([
    ["of many operators with small constants", 16],
    ["of many operators with large ones", 1024],
  ])("%s", (_, bytes) => {
    const file = encodeTflite(chain(bytes));
    const { value, bytes: kept } = held(() => decodeTflite(bufferSource("chain", file)));
    expect(value.graph.nodes).toHaveLength(NODES);
    expect(kept).toBeLessThan(4 * file.length + ALWAYS_FINE);
  });

  it.each(["tensors", "operators"] as const)("or refuses it: %s that are all one table", (kind) => {
    const few = decodeTflite(bufferSource("few", overlapping(10, kind)));
    expect(few.graph.nodes).toHaveLength(kind === "operators" ? 10 : 0);
    const file = overlapping(2_000_000, kind);
    let refusal: unknown;
    const { bytes: kept } = held(() => {
      try {
        return decodeTflite(bufferSource("overlap", file));
      } catch (error) {
        refusal = error;
        return null;
      }
    });
    expect(refusal).toBeInstanceOf(DecodeError);
    expect(refusal).toMatchObject({
      code: "UNFOLDS",
      path: expect.stringMatching(new RegExp(`^subgraphs\\[0\\]\\.${kind}`)),
    });
    expect(kept).toBeLessThan(ALWAYS_FINE);
  });
});

describe("decodeOnnx() keeps at most four times the file", () => {
  const value = (name: string) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1 }, { dimValue: 8 }] } } },
  });
  const encode = (graph: object) =>
    onnx.ModelProto.encode({ irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph }).finish();
  const name = (index: number) => `/model/stage.${index}/block/add_output_0`;
  const node = (index: number, second: string) => ({
    opType: "Add",
    name: `/model/stage.${index}/block/add`,
    input: [index === 0 ? "x" : name(index - 1), second],
    output: [name(index)],
  });
  const ends = { input: [value("x")], output: [value(name(NODES - 1))] };

  it.each<[string, () => object]>([
    [
      "of many nodes with declared values",
      () => ({
        ...ends,
        node: Array.from({ length: NODES }, (_, index) => node(index, "x")),
        valueInfo: Array.from({ length: NODES - 1 }, (_, index) => value(name(index))),
      }),
    ],
    [
      "of many constants in raw data",
      () => ({
        ...ends,
        node: Array.from({ length: NODES }, (_, index) => node(index, `/model/stage.${index}/weight`)),
        initializer: Array.from({ length: NODES }, (_, index) => ({
          name: `/model/stage.${index}/weight`,
          dataType: 1,
          dims: [1, 8],
          rawData: new Uint8Array(32),
        })),
      }),
    ],
    [
      "of many nodes with attributes",
      () => ({
        ...ends,
        node: Array.from({ length: NODES }, (_, index) => ({
          ...node(index, "x"),
          attribute: [
            { name: "kernel_shape", type: 7, ints: [3, 3] },
            { name: "pads", type: 7, ints: [1, 1, 1, index] },
          ],
        })),
      }),
    ],
  ])("%s", (_, graph) => {
    const file = encode(graph());
    const { value: model, bytes } = held(() => decodeOnnx(bufferSource("chain", file)));
    expect(model.graph.nodes).toHaveLength(NODES);
    expect(bytes).toBeLessThan(4 * file.length + ALWAYS_FINE);
  });
});
