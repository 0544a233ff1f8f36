/**
 * Elements in the typed fields of a TensorProto. Fixed-width ones lie packed and little-endian as the graph
 * wants them; varints are converted when read. Types below 32 bits come one per varint, except those below
 * 8 bits, of which each varint holds a packed byte (onnx.proto, int32_data).
 */
import protobuf from "protobufjs/minimal.js";
import { LabError } from "../../errors.js";
import { DTYPES, type DType } from "../../graph/dtype.js";
import { type Constant, constantOf } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";
import { located } from "../shared/located.js";
import type { TypedField } from "./data-types.js";
import { type Extent, type Message, WIRE } from "./wire.js";

/** One occurrence of a typed field; a file may split a list over many. */
export interface TypedPart {
  readonly field: number;
  readonly wire: number;
  readonly extent: Extent;
}

/** Field numbers of TensorProto. */
const FIELDS: Readonly<Record<TypedField, number>> = {
  float: 4,
  int32: 5,
  string: 6,
  int64: 7,
  double: 10,
  uint64: 11,
};
/** Wire type of one number, where a file does not pack them. */
const NATIVE_WIRES: Readonly<Record<TypedField, number>> = {
  float: WIRE.fixed32,
  int32: WIRE.varint,
  string: WIRE.bytes,
  int64: WIRE.varint,
  double: WIRE.fixed64,
  uint64: WIRE.varint,
};
const FIELD_NAMES = new Map(Object.entries(FIELDS).map(([name, number]) => [number, `${name}_data`]));

export function typedConstant({
  message,
  name,
  type,
  count,
  size,
  parts,
}: {
  readonly message: Message;
  readonly name: string;
  readonly type: { readonly name: string; readonly dtype: DType; readonly field: TypedField };
  readonly count: number;
  readonly size: number;
  readonly parts: readonly TypedPart[];
}): Constant {
  const { source } = message.file;
  const foreign = parts.find(({ field }) => field !== FIELDS[type.field]);
  if (foreign) {
    const found = FIELD_NAMES.get(foreign.field);
    throw message.broken(
      `tensor '${name}' of type ${type.name} has ${found}, expected ${type.field}_data or raw_data`,
    );
  }
  const native = NATIVE_WIRES[type.field];
  if (parts.some(({ wire }) => wire !== native && wire !== WIRE.bytes)) {
    throw message.broken(`the ${type.field}_data of tensor '${name}' is no list of ${type.field} numbers`);
  }
  if (type.field === "string") return stringConstant({ message, name, count, parts });
  if (count === 0) {
    const some = parts.reduce((sum, { extent }) => sum + extent.length, 0);
    if (some > 0) throw message.broken(`tensor '${name}' has ${some} bytes, expected 0 for no elements`);
    return constantOf(new Uint8Array(0));
  }
  if (parts.length === 0) {
    throw message.broken(`tensor '${name}' has no data, expected ${size} bytes`);
  }
  if (type.field === "float" || type.field === "double") return fixedConstant(source, parts);
  // A number takes at least a byte: what cannot be all there is refused before anybody asks for it.
  const stored = parts.reduce((sum, { extent }) => sum + extent.length, 0);
  if (stored * widthOf(type.dtype) < size) {
    throw message.broken(`tensor '${name}' has ${stored} bytes of numbers, expected at least ${count}`);
  }
  message.spend(Math.max(0, size - stored));
  const { dtype } = type;
  const here = message.held();
  return {
    byteLength: size,
    read: () => located(here, () => readVarints({ source, name, dtype, size, parts })),
  };
}

/** Returns the bytes that one stored number stands for. */
function widthOf(dtype: DType): number {
  return Math.max(1, DTYPES[dtype].bits / 8);
}

function fixedConstant(source: ByteSource, parts: readonly TypedPart[]): Constant {
  const [first] = parts;
  if (first && parts.length === 1) {
    const { at, length } = first.extent;
    return { byteLength: length, read: () => source.read(at, length) };
  }
  const total = parts.reduce((sum, { extent }) => sum + extent.length, 0);
  return {
    byteLength: total,
    read() {
      const all = new Uint8Array(total);
      let done = 0;
      for (const { extent } of parts) {
        all.set(source.read(extent.at, extent.length), done);
        done += extent.length;
      }
      return all;
    },
  };
}

type Store = (view: DataView, at: number, reader: protobuf.Reader) => void;

/** Writers by bytes per stored number; a varint is cut to the width of its type. */
const STORES: Readonly<Record<number, Store>> = {
  1: (view, at, reader) => view.setUint8(at, reader.int32() & 0xff),
  2: (view, at, reader) => view.setUint16(at, reader.int32() & 0xffff, true),
  4: (view, at, reader) => view.setInt32(at, reader.int32(), true),
  8: (view, at, reader) => {
    const value: number | { readonly low: number; readonly high: number } = reader.int64();
    if (typeof value === "number") {
      view.setBigInt64(at, BigInt(value), true);
    } else {
      view.setInt32(at, value.low, true);
      view.setInt32(at + 4, value.high, true);
    }
  },
};

function readVarints({
  source,
  name,
  dtype,
  size,
  parts,
}: {
  readonly source: ByteSource;
  readonly name: string;
  readonly dtype: DType;
  readonly size: number;
  readonly parts: readonly TypedPart[];
}): Uint8Array {
  const width = widthOf(dtype);
  const store = STORES[width]!;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  const wrong = (why: string, cause?: unknown) =>
    new LabError({
      code: "DATA_SIZE",
      message: `Cannot read constant '${name}': its data ${why}, expected ${size / width} numbers`,
      ...(cause === undefined ? {} : { cause }),
    });
  let done = 0;
  for (const { extent } of parts) {
    const data = source.read(extent.at, extent.length);
    const reader = new protobuf.Reader(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    while (reader.pos < reader.len) {
      if (done >= size) throw wrong("has more");
      try {
        store(view, done, reader);
      } catch (cause) {
        throw wrong("breaks off inside of a number", cause);
      }
      done += width;
    }
  }
  if (done !== size) throw wrong(`has ${done / width}`);
  return out;
}

/**
 * Strings are handed on in the layout that TFLite has for them, so that both formats read alike: their
 * number, count + 1 offsets from the start, then the bytes (tensorflow/lite/string_util.h), all int32.
 */
function stringConstant({
  message,
  name,
  count,
  parts,
}: {
  readonly message: Message;
  readonly name: string;
  readonly count: number;
  readonly parts: readonly TypedPart[];
}): Constant {
  const { source } = message.file;
  if (parts.length !== count) {
    throw message.broken(`tensor '${name}' has ${parts.length} strings, expected ${count}`);
  }
  const head = 4 * (count + 2);
  const total = parts.reduce((sum, { extent }) => sum + extent.length, head);
  return {
    byteLength: total,
    read() {
      const out = new Uint8Array(total);
      const view = new DataView(out.buffer);
      view.setInt32(0, count, true);
      let at = head;
      for (const [index, { extent }] of parts.entries()) {
        view.setInt32(4 * (index + 1), at, true);
        out.set(source.read(extent.at, extent.length), at);
        at += extent.length;
      }
      view.setInt32(4 * (count + 1), at, true);
      return out;
    },
  };
}
