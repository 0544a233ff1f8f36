import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { tinyTflite } from "../../../datasets/fixtures/make.js";
import { writeTflite } from "../../../datasets/fixtures/write-tflite.js";
import { DecodeError } from "../../../lib/errors.js";
import { facts, int32, string, tables, uint32, vector } from "../../../lib/formats/tflite/codec.js";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import { FlatBuffer, INT64, wide } from "../../../lib/formats/tflite/flatbuffer.js";
import { MODEL, OPERATOR, SUBGRAPH, TENSOR } from "../../../lib/formats/tflite/schema.js";
import { Table } from "../../../lib/formats/tflite/table.js";
import { type ByteSource, bufferSource } from "../../../lib/source.js";

/** The example at the top of flatbuffer.ts. */
const EXAMPLE = Uint8Array.from([
  0x10, 0, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 4, 0, 8, 0, 8, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0x68,
  0x69,
]);

const PAIR = facts({
  version: [4, uint32, 0],
  name: [6, string, ""],
  absent: [8, int32, 7],
});

function example(edit: (bytes: Uint8Array) => void = () => {}) {
  const bytes = EXAMPLE.slice();
  edit(bytes);
  const file = new FlatBuffer(bufferSource("example", bytes));
  const root = new Table(file, { path: "", field: "root" }).open(0);
  return { version: root.get(PAIR.version), name: root.get(PAIR.name), absent: root.get(PAIR.absent) };
}

function errorOf(run: () => unknown): DecodeError {
  try {
    run();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("expected a DecodeError");
}

describe("Table", () => {
  it("reads the worked example", () => {
    expect(example()).toEqual({ version: 3, name: "hi", absent: 7 });
  });

  it("says where a string that is longer than the file lies", () => {
    const error = errorOf(() => example((bytes) => bytes.fill(0xff, 28, 32)));
    expect(error).toMatchObject({ code: "OUT_OF_FILE", offset: 32, path: "root.name" });
  });

  it("refuses an offset that points at itself", () => {
    const error = errorOf(() => example((bytes) => bytes.fill(0, 24, 28)));
    expect(error).toMatchObject({ code: "OFFSET", offset: 24, path: "root.name" });
  });

  it("refuses a vtable before the file and one that leaves its table", () => {
    expect(errorOf(() => example((bytes) => bytes.set([0xff, 0, 0, 0], 16))).code).toBe("OUT_OF_FILE");
    expect(errorOf(() => example((bytes) => bytes.set([12, 0], 14))).code).toBe("VTABLE");
    expect(errorOf(() => example((bytes) => bytes.set([2, 0], 8))).code).toBe("VTABLE");
  });
});

describe("wide()", () => {
  it("reads negative numbers and refuses those that a number cannot hold", () => {
    const view = new DataView(new ArrayBuffer(16));
    view.setBigInt64(0, -128n, true);
    view.setBigInt64(8, 2n ** 53n, true);
    const file = new FlatBuffer(bufferSource("longs", new Uint8Array(view.buffer)));
    const from = { path: "quantization", field: "zeroPoint" };
    expect(wide(INT64)(file, 0, from)).toBe(-128);
    const error = errorOf(() => wide(INT64)(file, 8, from));
    expect(error).toMatchObject({ code: "INTEGER_RANGE", offset: 8, path: "quantization.zeroPoint" });
  });
});

describe("tables()", () => {
  it("refuses a file whose tables share one vector so often that it unfolds without bounds", () => {
    // 50,000 offsets, all to one table, whose only field is a vector over most of the file.
    const count = 50_000;
    const start = 16 + 4 * count;
    const view = new DataView(new ArrayBuffer(start + 32 + 4 * count));
    view.setUint32(0, 4, true);
    view.setUint32(4, count, true);
    for (let i = 0; i < count; i++) view.setUint32(8 + 4 * i, start - (8 + 4 * i), true);
    view.setInt32(start, 6, true);
    view.setUint16(start - 6, 6, true);
    view.setUint16(start - 4, 8, true);
    view.setUint16(start - 2, 4, true);
    view.setUint32(start + 4, 4, true);
    view.setUint32(start + 8, count, true);
    const file = new FlatBuffer(bufferSource("bomb", new Uint8Array(view.buffer)));
    const { shape } = facts({ shape: [4, vector(int32), []] });
    const read = () => tables({ shape }).read(file, 0, { path: "", field: "tensors" });
    const error = errorOf(() => read().map((table) => table.get(shape)));
    expect(error.code).toBe("UNFOLDS");
    expect(error.path).toMatch(/^tensors\[\d+\]\.shape$/);
  });
});

describe("Table", () => {
  it("reads what the flatbuffers package reads", () => {
    const bytes = tinyTflite();
    const model = new Table(new FlatBuffer(bufferSource("tiny", bytes))).open(0);
    const graph = model.get(MODEL.subgraphs).at(0)!;
    const bb = new ByteBuffer(bytes);
    const root = bb.readInt32(0);
    const field = (at: number, slot: number) => {
      const offset = bb.__offset(at, slot);
      return offset === 0 ? null : at + offset;
    };
    const items = (at: number | null) => {
      if (at === null) return [];
      const first = bb.__vector(at);
      return Array.from({ length: bb.__vector_len(at) }, (_, index) => first + 4 * index);
    };
    const subgraph = bb.__indirect(items(field(root, 8))[0]!);
    const tensors = items(field(subgraph, 4)).map((at) => {
      const tensor = bb.__indirect(at);
      return {
        name: bb.__string(field(tensor, 10)!),
        shape: items(field(tensor, 4)).map((size) => bb.readInt32(size)),
        buffer: field(tensor, 8) === null ? 0 : bb.readUint32(field(tensor, 8)!),
      };
    });
    const operators = items(field(subgraph, 10)).map((at) => {
      const operator = bb.__indirect(at);
      return {
        inputs: items(field(operator, 6)).map((index) => bb.readInt32(index)),
        outputs: items(field(operator, 8)).map((index) => bb.readInt32(index)),
      };
    });
    const ours = graph.get(SUBGRAPH.tensors).map((tensor) => ({
      name: tensor.get(TENSOR.name),
      shape: tensor.get(TENSOR.shape),
      buffer: tensor.get(TENSOR.buffer),
    }));
    expect(ours).toEqual(tensors);
    const calls = graph.get(SUBGRAPH.operators).map((operator) => ({
      inputs: operator.get(OPERATOR.inputs),
      outputs: operator.get(OPERATOR.outputs),
    }));
    expect(calls).toEqual(operators);
    expect(tensors).toHaveLength(11);
  });
});

describe("FlatBuffer", () => {
  it("opens a large file without reading its weights", () => {
    const size = 6 << 20;
    const bytes = writeTflite({
      tensors: [
        { name: "x", type: "uint8", shape: [size] },
        { name: "weights", type: "uint8", shape: [size], data: new Uint8Array(size).fill(7) },
        { name: "y", type: "uint8", shape: [size] },
      ],
      operators: [{ code: 0, inputs: [0, 1], outputs: [2] }],
      inputs: [0],
      outputs: [2],
    });
    let read = 0;
    const inner = bufferSource("large", bytes);
    const source: ByteSource = {
      name: "large",
      size: inner.size,
      read(offset, length) {
        read += length;
        return inner.read(offset, length);
      },
    };
    const { graph } = decodeTflite(source);
    expect(read).toBeLessThan(128 << 10);
    const weights = graph.nodes[0]!.input(1);
    expect(weights.data!.byteLength).toBe(size);
    expect(weights.data!.read().every((byte) => byte === 7)).toBe(true);
  });
});
