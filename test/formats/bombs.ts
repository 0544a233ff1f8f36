/** Files of a few megabytes at most that ask for far more: none may take more than four times itself. */
import { Builder } from "flatbuffers";
import { bytesOf, int, joined, modelOf, nodeOf, series, text, times } from "./protobuf-by-hand.js";

const packed = (field: number, count: number) => bytesOf(field, new Uint8Array(count).fill(1));
const float32 = (count: number) => new Uint8Array(new Float32Array(count).fill(1).buffer);

/** `count` functions, each of which calls the next `calls` times; the last is `leaf`. */
function functions(count: number, calls: number, leaf: Uint8Array): Uint8Array {
  const own = (index: number, ...nodes: readonly Uint8Array[]) =>
    bytesOf(
      25,
      text(1, `f${index}`),
      text(10, "l"),
      text(4, "a"),
      text(5, `b${calls}`),
      ...nodes.map((node) => bytesOf(7, node)),
      bytesOf(9, text(1, ""), int(2, 17)),
    );
  const chain = (index: number) =>
    Array.from({ length: calls }, (_, call) =>
      nodeOf(`f${index + 1}`, [call === 0 ? "a" : `b${call}`], [`b${call + 1}`], text(7, "l")),
    );
  return joined(
    Array.from({ length: count }, (_, index) =>
      index === count - 1 ? own(index, leaf) : own(index, ...chain(index)),
    ),
  );
}

const calling = (bodies: Uint8Array) =>
  modelOf([bytesOf(1, nodeOf("f0", ["x"], ["y"], text(7, "l"))), bytesOf(11, text(1, "x"))], bodies);

const constant = (name: string, ...fields: readonly ArrayLike<number>[]) =>
  bytesOf(5, text(8, name), ...fields);

/** Claims of ONNX files, by what they are. */
export const ONNX_BOMBS: Readonly<Record<string, () => Uint8Array>> = {
  "functions that double": () => calling(functions(25, 2, nodeOf("Relu", ["a"], ["b2"]))),
  "functions with a long name, a thousand times": () =>
    calling(functions(4, 10, nodeOf("Relu", ["a"], ["b10"], text(3, "n".repeat(200_000))))),
  "a function with a long list, a thousand times": () =>
    calling(
      functions(
        4,
        10,
        nodeOf("Relu", ["a"], ["b10"], bytesOf(5, text(1, "l"), packed(8, 200_000), int(20, 7))),
      ),
    ),
  "a function that passes a hundred thousand values": () => {
    const names = (letter: string) => Array.from({ length: 100_000 }, (_, index) => `${letter}${index}`);
    const body = [...names("a").map((name) => text(4, name)), ...names("b").map((name) => text(5, name))];
    return modelOf(
      [
        bytesOf(1, nodeOf("f", [], ["y"], joined(names("x").map((name) => text(1, name))), text(7, "l"))),
        series(100_000, (index) => bytesOf(11, text(1, `x${index}`))),
      ],
      bytesOf(25, text(1, "f"), text(10, "l"), joined(body), bytesOf(7, nodeOf("Relu", ["a0"], ["b0"]))),
    );
  },
  "a sparse constant of 240 MB in 100 bytes": () =>
    modelOf([
      bytesOf(
        15,
        bytesOf(1, int(1, 1), int(2, 1), text(8, "w"), bytesOf(9, float32(1))),
        bytesOf(2, int(1, 1), int(2, 7), bytesOf(9, new Uint8Array(8))),
        int(3, 60_000_000),
      ),
      bytesOf(1, nodeOf("Relu", ["w"], ["y"])),
    ]),
  "many small graphs inside of nodes": () =>
    modelOf([times(300_000, bytesOf(1, nodeOf("A", [], [], bytesOf(5, text(1, "g"), bytesOf(6)))))]),
  "graphs 5,000 deep": () => {
    let graph = new Uint8Array(0);
    for (let depth = 0; depth < 5_000; depth++) {
      graph = bytesOf(1, nodeOf("If", [], [], bytesOf(5, text(1, "g"), bytesOf(6, graph)))) as typeof graph;
    }
    return modelOf([graph]);
  },
  "annotations that say nothing": () => modelOf([times(2_000_000, bytesOf(14))]),
  "one long list of scales for many tensors": () =>
    modelOf([
      constant("s", int(1, 100_000), int(2, 1), bytesOf(9, float32(100_000))),
      bytesOf(11, text(1, "x"), bytesOf(2, bytesOf(1, int(1, 1), bytesOf(2, bytesOf(1, int(1, 100_000)))))),
      times(20_000, bytesOf(14, text(1, "x"), bytesOf(2, text(1, "SCALE_TENSOR"), text(2, "s")))),
    ]),
  "notes beside many values": () => modelOf([times(1_000_000, bytesOf(13, bytesOf(4)))]),
  "a node with a million results": () =>
    modelOf([
      bytesOf(
        1,
        text(4, "A"),
        series(1_000_000, (index) => text(2, index.toString(36))),
      ),
    ]),
  "typed numbers one by one": () =>
    modelOf([constant("w", int(1, 2_000_000), int(2, 6), times(2_000_000, int(5, 1)))]),
  "a long list of small numbers": () =>
    modelOf([bytesOf(1, text(4, "A"), bytesOf(5, text(1, "l"), packed(8, 8_000_000), int(20, 7)))]),
  "64-bit numbers of a byte each": () =>
    modelOf([
      constant("w", int(1, 8_000_000), int(2, 7), packed(7, 8_000_000)),
      bytesOf(1, nodeOf("Relu", ["w"], ["y"])),
    ]),
  "a million tiny nodes": () => modelOf([times(1_000_000, bytesOf(1, text(4, "A")))]),
  "many nodes of names of their own": () =>
    modelOf([series(400_000, (index) => bytesOf(1, nodeOf(index.toString(36), [], [])))]),
  "many functions without a name": () => modelOf([], times(1_000_000, bytesOf(25))),
  "a name of 8 MB": () => modelOf([bytesOf(11, text(1, "n".repeat(8_000_000)))]),
  "external data of a terabyte": () =>
    modelOf([
      series(20_000, (index) =>
        constant(
          `w${index}`,
          int(1, 2 ** 38),
          int(2, 1),
          int(14, 1),
          bytesOf(13, text(1, "location"), text(2, "bomb.onnx")),
        ),
      ),
      series(20_000, (index) => bytesOf(1, nodeOf("Relu", [`w${index}`], [`y${index}`]))),
    ]),
  "a constant of more bytes than there are": () => modelOf([constant("w", int(1, 2 ** 50), int(2, 2))]),
};

/** A table: fields by slot; a function puts the field down. */
type Field = readonly [slot: number, add: (builder: Builder, field: number) => void];

function table(b: Builder, ...fields: readonly Field[]): number {
  b.startObject(Math.max(0, ...fields.map(([slot]) => (slot - 4) / 2 + 1)));
  for (const [slot, add] of fields) add(b, (slot - 4) / 2);
  return b.endObject();
}

const to = (slot: number, offset: number): Field => [slot, (b, field) => b.addFieldOffset(field, offset, 0)];
const number = (slot: number, value: number): Field => [
  slot,
  (b, field) => b.addFieldInt32(field, value, -1),
];
const byte = (slot: number, value: number): Field => [slot, (b, field) => b.addFieldInt8(field, value, -1)];

/** A vector of `count` offsets that all lead to the one table. */
function same(b: Builder, count: number, target: number): number {
  b.startVector(4, count, 4);
  for (let index = 0; index < count; index++) b.addOffset(target);
  return b.endVector();
}

function list(b: Builder, ...offsets: readonly number[]): number {
  b.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) b.addOffset(offset);
  return b.endVector();
}

function int32s(b: Builder, values: readonly number[]): number {
  b.startVector(4, values.length, 4);
  for (const value of values.toReversed()) b.addInt32(value);
  return b.endVector();
}

/** Finishes a model; `parts` gives fields of the model and of its subgraph. */
function tflite(
  parts: (b: Builder) => { readonly model?: readonly Field[]; readonly subgraph?: readonly Field[] },
  { subgraphs = 1, code = 0 } = {},
): Uint8Array {
  const b = new Builder(1 << 20);
  const { model = [], subgraph = [] } = parts(b);
  const codes = list(b, table(b, byte(4, code), number(10, code)));
  const graphs = same(b, subgraphs, table(b, ...subgraph));
  b.finish(table(b, number(4, 3), to(6, codes), to(8, graphs), ...model), "TFL3");
  return b.asUint8Array().slice();
}

/** Tensor: 4 shape, 6 type, 8 buffer, 10 name, 16 sparsity, 24 external_buffer. SubGraph: 4 tensors, 10 operators. */
const tensors = (b: Builder, count: number, ...fields: readonly Field[]): Field =>
  to(4, same(b, count, table(b, ...fields)));

/** A buffer of `bytes` as number 1. */
const buffers = (b: Builder, bytes: Uint8Array): Field => {
  const data = b.createByteVector(bytes);
  return to(12, list(b, table(b), table(b, to(4, data))));
};

/** Int8 of the given sizes; the dimensions are dense but for the last, which lists `stored` values. */
function sparse(sizes: readonly number[], stored: number): Uint8Array {
  return tflite((b) => {
    const data = buffers(b, new Uint8Array(stored).fill(1));
    const order = int32s(
      b,
      sizes.map((_, axis) => axis),
    );
    const dense = sizes.map((size) => table(b, byte(4, 0), number(6, size)));
    const sparsity = table(b, to(4, order), to(8, list(b, ...dense)));
    const shape = int32s(b, sizes);
    const name = b.createString("w");
    const tensor = table(b, to(4, shape), byte(6, 9), number(8, 1), to(10, name), to(16, sparsity));
    const operator = table(b, to(6, int32s(b, [0])), to(8, int32s(b, [1])));
    return {
      model: [data],
      subgraph: [
        to(4, list(b, tensor, table(b, to(4, int32s(b, [1])), byte(6, 9)))),
        to(10, list(b, operator)),
      ],
    };
  });
}

const RESHAPE = 22;
const TRANSPOSE = 39;

/** Operators that all read the one constant of `elements` 32-bit numbers. */
function readers(code: number, count: number, elements: number): Uint8Array {
  return tflite(
    (b) => {
      const data = buffers(b, new Uint8Array(4 * elements).fill(1));
      const shape = int32s(b, [elements]);
      const wanted = table(b, to(4, shape), byte(6, 2), number(8, 1));
      const x = table(b, to(4, int32s(b, [1])), byte(6, 0));
      const operator = table(b, to(6, int32s(b, [0, 1])), to(8, int32s(b, [0])));
      return { model: [data], subgraph: [to(4, list(b, x, wanted)), to(10, same(b, count, operator))] };
    },
    { code },
  );
}

/** Claims of TFLite files, by what they are. */
export const TFLITE_BOMBS: Readonly<Record<string, () => Uint8Array>> = {
  "a million tensors that are one table": () =>
    tflite((b) => ({ subgraph: [tensors(b, 1_000_000, to(4, int32s(b, [1, 2, 3])), byte(6, 0))] })),
  "tensors that share a long name": () =>
    tflite((b) => ({
      subgraph: [tensors(b, 10_000, to(10, b.createString("n".repeat(1_000_000))), byte(6, 0))],
    })),
  "tensors of a hundred thousand dimensions": () =>
    tflite((b) => ({
      subgraph: [tensors(b, 10_000, to(4, int32s(b, new Array(100_000).fill(1))), byte(6, 0))],
    })),
  "a million operators that are one table": () =>
    tflite((b) => ({ subgraph: [to(10, same(b, 1_000_000, table(b)))] })),
  "subgraphs that are one table": () =>
    tflite((b) => ({ subgraph: [tensors(b, 10_000, byte(6, 0))] }), { subgraphs: 10_000 }),
  "metadata that is one text": () =>
    tflite((b) => {
      const data = buffers(b, new Uint8Array(4096).fill(0x61));
      const name = b.createString("m");
      return { model: [data, to(16, same(b, 500_000, table(b, to(4, name), number(6, 1))))] };
    }),
  "reshapes to one long shape": () => readers(RESHAPE, 50_000, 500_000),
  "transposes by one long list": () => readers(TRANSPOSE, 50_000, 500_000),
  "a sparse constant of 2 GB in 300 bytes": () => sparse([2 ** 31 - 2], 1),
  "a sparse constant that walks empty rows": () => sparse([2 ** 24, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1),
  "a vector longer than the file": () => {
    const bytes = tflite((b) => ({ subgraph: [tensors(b, 3, to(4, int32s(b, [0x0badcafe])), byte(6, 0))] }));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 4 < bytes.length; at++) {
      if (view.getInt32(at + 4, true) === 0x0badcafe && view.getInt32(at, true) === 1) {
        view.setUint32(at, 0xffffffff, true);
        break;
      }
    }
    return bytes;
  },
  "external data of a terabyte": () =>
    tflite((b) => {
      const group = table(b, to(4, b.createString("bomb.tflite")));
      // ExternalBuffer: 4 id, 6 group, 8 offset, 10 length, 12 packing.
      const claim = table(b, number(4, 1), number(6, 0), [
        10,
        (builder, field) => builder.addFieldInt64(field, 1n << 40n, 0n),
      ]);
      const shape = to(4, int32s(b, [2 ** 30, 2 ** 8]));
      const operator = table(b, to(6, int32s(b, [0])), to(8, int32s(b, [1])));
      const y = table(b, byte(6, 0));
      const w = table(b, shape, byte(6, 0), number(24, 1));
      return {
        model: [to(20, list(b, group)), to(22, list(b, claim))],
        subgraph: [to(4, list(b, w, y)), to(10, list(b, operator))],
      };
    }),
};
