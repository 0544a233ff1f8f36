import { ByteBuffer } from "flatbuffers";
import { describe, expect, it } from "vitest";
import { tinyTflite } from "../../../datasets/fixtures/make.js";
import { writeTflite } from "../../../datasets/fixtures/write-tflite.js";
import { DecodeError } from "../../../lib/errors.js";
import { decodeTflite } from "../../../lib/formats/tflite/decode.js";
import {
  FlatBuffer,
  int32,
  int64,
  string,
  table,
  tables,
  uint32,
  vector,
} from "../../../lib/formats/tflite/flatbuffer.js";
import { readModel } from "../../../lib/formats/tflite/schema.js";
import { type ByteSource, bufferSource } from "../../../lib/source.js";

/** The example at the top of flatbuffer.ts. */
const EXAMPLE = Uint8Array.from([
  0x10, 0, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 4, 0, 8, 0, 8, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 0x68,
  0x69,
]);

function example(edit: (bytes: Uint8Array) => void = () => {}) {
  const bytes = EXAMPLE.slice();
  edit(bytes);
  const file = new FlatBuffer(bufferSource("example", bytes));
  return table((get) => ({
    version: get(4, "version", uint32, 0),
    name: get(6, "name", string, ""),
    absent: get(8, "absent", int32, 7),
  }))(file, 0, "root");
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

describe("table()", () => {
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

describe("int64()", () => {
  it("reads negative numbers and refuses those that a number cannot hold", () => {
    const view = new DataView(new ArrayBuffer(16));
    view.setBigInt64(0, -128n, true);
    view.setBigInt64(8, 2n ** 53n, true);
    const file = new FlatBuffer(bufferSource("longs", new Uint8Array(view.buffer)));
    expect(int64(file, 0, "zero_point")).toBe(-128);
    expect(errorOf(() => int64(file, 8, "zero_point")).code).toBe("INTEGER_RANGE");
  });
});

describe("tables()", () => {
  it("refuses a file whose tables share one vector so often that it unfolds without bounds", () => {
    // 20,000 offsets, all to one table, whose only field is a vector over most of the file.
    const count = 20_000;
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
    const read = tables((get) => get(4, "shape", vector(4, int32), []));
    expect(errorOf(() => read(file, 0, "tensors")).code).toBe("OVERLAP");
  });
});

describe("readModel()", () => {
  it("reads what the flatbuffers package reads", () => {
    const bytes = tinyTflite();
    const record = readModel(new FlatBuffer(bufferSource("tiny", bytes)));
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
    expect(record.subgraphs[0]?.tensors.map(({ name, shape, buffer }) => ({ name, shape, buffer }))).toEqual(
      tensors,
    );
    expect(record.subgraphs[0]?.operators.map(({ inputs, outputs }) => ({ inputs, outputs }))).toEqual(
      operators,
    );
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
      ...inner,
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
