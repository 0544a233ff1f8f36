/**
 * Element types. The names are ONNX's in lower case; `bits` is the size of one element in a packed buffer
 * (0 = no fixed size). Sub-byte types are packed low nibble first, as both formats do.
 */
interface DTypeFacts {
  readonly bits: number;
  readonly kind: "float" | "int" | "uint" | "bool" | "complex" | "string" | "handle";
}

export const DTYPES = {
  float32: { bits: 32, kind: "float" },
  float64: { bits: 64, kind: "float" },
  float16: { bits: 16, kind: "float" },
  bfloat16: { bits: 16, kind: "float" },
  float8e4m3fn: { bits: 8, kind: "float" },
  float8e4m3fnuz: { bits: 8, kind: "float" },
  float8e5m2: { bits: 8, kind: "float" },
  float8e5m2fnuz: { bits: 8, kind: "float" },
  float8e8m0: { bits: 8, kind: "float" },
  float4e2m1: { bits: 4, kind: "float" },
  int2: { bits: 2, kind: "int" },
  int4: { bits: 4, kind: "int" },
  int8: { bits: 8, kind: "int" },
  int16: { bits: 16, kind: "int" },
  int32: { bits: 32, kind: "int" },
  int64: { bits: 64, kind: "int" },
  uint2: { bits: 2, kind: "uint" },
  uint4: { bits: 4, kind: "uint" },
  uint8: { bits: 8, kind: "uint" },
  uint16: { bits: 16, kind: "uint" },
  uint32: { bits: 32, kind: "uint" },
  uint64: { bits: 64, kind: "uint" },
  bool: { bits: 8, kind: "bool" },
  complex64: { bits: 64, kind: "complex" },
  complex128: { bits: 128, kind: "complex" },
  string: { bits: 0, kind: "string" },
  // A variable or a table that lives in the runtime, and a boxed value: TFLite's RESOURCE and VARIANT.
  resource: { bits: 0, kind: "handle" },
  variant: { bits: 0, kind: "handle" },
} as const satisfies Record<string, DTypeFacts>;

export type DType = keyof typeof DTYPES;

/** Returns whether the type counts as quantised storage when a scale comes with it. */
export function isInteger(dtype: DType): boolean {
  const { kind } = DTYPES[dtype];
  return kind === "int" || kind === "uint";
}

export function isFloat(dtype: DType): boolean {
  return DTYPES[dtype].kind === "float";
}

/** Returns the bytes of `count` packed elements, the last byte filled up. Strings and handles have no fixed size: 0. */
export function byteLength(dtype: DType, count: number): number {
  return Math.ceil((DTYPES[dtype].bits * count) / 8);
}
