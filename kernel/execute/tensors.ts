/**
 * A tensor of a network, or of a run: its type, its shape, how it is quantised and how its values are spread.
 * Tensors, of whichever copy of the library, are known by what they have.
 */
import { escapeHtml } from "../html/escape.js";
import type { JsonObject } from "../protocol/message.js";
import { figure, type Numeric, numbersShown } from "./numbers.js";

interface TensorLike {
  readonly name?: string;
  readonly dtype: string;
  readonly shape: readonly unknown[] | null;
  readonly data: Uint8Array | { read(): Uint8Array } | null;
  readonly quantization?: {
    readonly scale: readonly number[];
    readonly zeroPoint: readonly number[];
    readonly axis: number | null;
  } | null;
}

/** Types whose elements lie in bytes as an array of this machine has them; of others only words are shown. */
const ARRAYS: Readonly<Record<string, new (buffer: ArrayBuffer) => Numeric>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Returns what a notebook shows of a tensor; undefined for what is none. */
export function tensorData(value: object): JsonObject | undefined {
  if (!isTensor(value)) return undefined;
  const head = headOf(value);
  const values = valuesOf(value);
  if (values !== undefined && values.length > 0) {
    return numbersShown(values, (words, { least, most, finite }) => {
      const { scale = [], zeroPoint = [] } = value.quantization ?? {};
      if (scale.length !== 1 || finite === 0) return `${head}; ${words}`;
      const real = (stored: number) => figure((stored - (zeroPoint[0] ?? 0)) * (scale[0] ?? 1));
      return `${head}; ${words}; real values from ${real(least)} to ${real(most)}`;
    });
  }
  return { "text/html": `<p>${escapeHtml(head)}</p>`, "text/plain": head };
}

function isTensor(value: object): value is TensorLike {
  const { dtype, shape, data } = value as Partial<Record<keyof TensorLike, unknown>>;
  const bytes =
    data === null ||
    data instanceof Uint8Array ||
    (typeof data === "object" && typeof (data as { read?: unknown }).read === "function");
  return typeof dtype === "string" && (shape === null || Array.isArray(shape)) && bytes;
}

function headOf({ name, dtype, shape, quantization, data }: TensorLike): string {
  const size = shape === null ? "unknown shape" : shape.length === 0 ? "scalar" : shape.join("x");
  return [
    `${name ? `${name}: ` : ""}${dtype} ${size}`,
    ...(quantization ? [quantizationWords(quantization)] : []),
    ...(data === null ? ["computed at run time"] : []),
  ].join(", ");
}

function quantizationWords({ scale, zeroPoint, axis }: NonNullable<TensorLike["quantization"]>): string {
  const zeros = [...new Set(zeroPoint)];
  const zero = zeros.length === 1 ? `zero point ${zeros[0]}` : `${zeros.length} different zero points`;
  if (scale.length === 1) return `scale ${figure(scale[0] ?? 0)}, ${zero}`;
  const least = figure(scale.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const most = figure(scale.reduce((a, b) => Math.max(a, b), 0));
  return `${scale.length} scales along axis ${axis}, from ${least} to ${most}, ${zero}`;
}

function valuesOf({ dtype, data }: TensorLike): Numeric | undefined {
  const Values = ARRAYS[dtype];
  if (Values === undefined || data === null) return undefined;
  const bytes = data instanceof Uint8Array ? data : data.read();
  // A view may begin at any byte; an array of wider numbers may not.
  return new Values(bytes.slice().buffer);
}
