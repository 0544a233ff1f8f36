/**
 * Packed bytes ⇄ numbers, for every element type that has numbers. Values travel as float64: exact for all
 * of them but 64-bit integers beyond ±2^53, which are clamped there (exporters write such values for "to the
 * end").
 */
import { LabError } from "../errors.js";
import { byteLength, DTYPES, type DType } from "./dtype.js";
import { type Constant, constantOf, type Tensor } from "./tensor.js";

/** A list of numbers, whatever holds it. */
export type Numbers = ArrayLike<number>;

interface Codec {
  read(view: DataView, at: number): number;
  write(view: DataView, at: number, value: number): void;
}

/** Keeps an integer within the floats that hold integers exactly. */
function clampSafe(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}

/** IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to the nearest half, ties to even. */
function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 halves are evenly spaced by 2^-24; above, 1024 per power of two.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const scaled = size / 2 ** (exponent - 10);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A carry out of the fraction raises the exponent by itself, for they are adjacent.
  return sign | (rounded + (exponent + 14) * 1024);
}

const word = new DataView(new ArrayBuffer(4));

const CODECS: Partial<Record<DType, Codec>> = {
  float32: { read: (v, at) => v.getFloat32(at, true), write: (v, at, x) => v.setFloat32(at, x, true) },
  float64: { read: (v, at) => v.getFloat64(at, true), write: (v, at, x) => v.setFloat64(at, x, true) },
  float16: {
    read: (v, at) => halfToNumber(v.getUint16(at, true)),
    write: (v, at, x) => v.setUint16(at, numberToHalf(x), true),
  },
  bfloat16: {
    // The upper half of a float32.
    read: (v, at) => {
      word.setUint32(0, v.getUint16(at, true) << 16);
      return word.getFloat32(0);
    },
    write: (v, at, x) => {
      word.setFloat32(0, x);
      const bits = word.getUint32(0);
      const even = (bits >>> 16) & 1;
      v.setUint16(at, Number.isNaN(x) ? 0x7fc0 : (bits + 0x7fff + even) >>> 16, true);
    },
  },
  int8: { read: (v, at) => v.getInt8(at), write: (v, at, x) => v.setInt8(at, x) },
  uint8: { read: (v, at) => v.getUint8(at), write: (v, at, x) => v.setUint8(at, x) },
  bool: { read: (v, at) => v.getUint8(at), write: (v, at, x) => v.setUint8(at, x === 0 ? 0 : 1) },
  int16: { read: (v, at) => v.getInt16(at, true), write: (v, at, x) => v.setInt16(at, x, true) },
  uint16: { read: (v, at) => v.getUint16(at, true), write: (v, at, x) => v.setUint16(at, x, true) },
  int32: { read: (v, at) => v.getInt32(at, true), write: (v, at, x) => v.setInt32(at, x, true) },
  uint32: { read: (v, at) => v.getUint32(at, true), write: (v, at, x) => v.setUint32(at, x, true) },
  int64: {
    read: (v, at) => clampSafe(Number(v.getBigInt64(at, true))),
    write: (v, at, x) => v.setBigInt64(at, BigInt(Math.trunc(x)), true),
  },
  uint64: {
    read: (v, at) => clampSafe(Number(v.getBigUint64(at, true))),
    write: (v, at, x) => v.setBigUint64(at, BigInt(Math.trunc(x)), true),
  },
};

/** Returns whether the elements of a type can be read as numbers. */
export function hasNumbers(dtype: DType): boolean {
  return CODECS[dtype] !== undefined || subByte(dtype);
}

function subByte(dtype: DType): boolean {
  const { bits, kind } = DTYPES[dtype];
  return bits > 0 && bits < 8 && (kind === "int" || kind === "uint");
}

function codecOf(dtype: DType, what: string): Codec {
  const codec = CODECS[dtype];
  if (codec) return codec;
  throw new LabError({
    code: "DTYPE",
    message: `Cannot ${what} numbers of type ${dtype}: it is not handled, expected one of ${Object.keys(CODECS).join(", ")} or a sub-byte integer`,
  });
}

/** Returns `count` numbers from packed little-endian bytes; throws a LabError when there are fewer. */
export function decodeElements(dtype: DType, data: Uint8Array, count: number): Float64Array {
  if (byteLength(dtype, count) > data.byteLength) {
    throw new LabError({
      code: "DATA_SHORT",
      message: `Cannot read ${count} elements of type ${dtype}: the data has ${data.byteLength} bytes, expected ${byteLength(dtype, count)}`,
    });
  }
  const values = new Float64Array(count);
  const { bits, kind } = DTYPES[dtype];
  if (subByte(dtype)) {
    const perByte = 8 / bits;
    const half = 2 ** (bits - 1);
    for (let index = 0; index < count; index++) {
      const raw = (data[Math.floor(index / perByte)]! >> ((index % perByte) * bits)) & (2 ** bits - 1);
      values[index] = kind === "int" && raw >= half ? raw - 2 * half : raw;
    }
    return values;
  }
  const { read } = codecOf(dtype, "read");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const step = bits / 8;
  for (let index = 0; index < count; index++) values[index] = read(view, index * step);
  return values;
}

/** Returns the packed little-endian bytes of numbers; integers wrap like the type does, floats round. */
export function encodeElements(dtype: DType, values: Numbers): Uint8Array {
  const count = values.length;
  const data = new Uint8Array(byteLength(dtype, count));
  const { bits } = DTYPES[dtype];
  if (subByte(dtype)) {
    const perByte = 8 / bits;
    for (let index = 0; index < count; index++) {
      data[Math.floor(index / perByte)]! |= (values[index]! & (2 ** bits - 1)) << ((index % perByte) * bits);
    }
    return data;
  }
  const { write } = codecOf(dtype, "write");
  const view = new DataView(data.buffer);
  const step = bits / 8;
  for (let index = 0; index < count; index++) write(view, index * step, values[index]!);
  return data;
}

/** Returns all elements of a constant of any size as numbers; copies. Throws a LabError that names the tensor. */
export function tensorNumbers(tensor: Tensor): Float64Array {
  if (tensor.data === null) {
    throw new LabError({
      code: "NOT_CONSTANT",
      message: `Cannot read values of tensor '${tensor.name}': it is computed at run time, expected a constant`,
    });
  }
  if (!hasNumbers(tensor.dtype)) {
    throw new LabError({
      code: "DTYPE",
      message: `Cannot read values of tensor '${tensor.name}': its type is ${tensor.dtype}, expected one of numbers`,
    });
  }
  return decodeElements(tensor.dtype, tensor.data.read(), tensor.size);
}

/** Returns a constant that holds the given numbers. */
export function constantFrom(dtype: DType, values: Numbers): Constant {
  return constantOf(encodeElements(dtype, values));
}

/**
 * Returns a constant whose bytes are computed when read, and kept only while a reader holds them: a folded
 * VGG has hundreds of megabytes that most questions never look at.
 */
export function lazyConstant(length: number, compute: () => Uint8Array): Constant {
  let kept: WeakRef<Uint8Array> | null = null;
  return {
    byteLength: length,
    read() {
      const held = kept?.deref();
      if (held) return held;
      const computed = compute();
      kept = new WeakRef(computed);
      return computed;
    },
  };
}
