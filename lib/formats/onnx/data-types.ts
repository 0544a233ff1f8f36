/** ONNX element types by number. Source: onnx.proto, enum TensorProto.DataType (IR 13, numbers 0 to 26). */
import type { DType } from "../../graph/dtype.js";
import type { Message } from "./wire.js";

/** Fields of a TensorProto that may hold the elements when `raw_data` does not. */
export type TypedField = "float" | "int32" | "int64" | "double" | "uint64" | "string";

interface DataType {
  readonly name: string;
  /** null: UNDEFINED, which no value has. */
  readonly dtype: DType | null;
  readonly field: TypedField;
}

const DATA_TYPES: readonly DataType[] = [
  { name: "UNDEFINED", dtype: null, field: "int32" },
  { name: "FLOAT", dtype: "float32", field: "float" },
  { name: "UINT8", dtype: "uint8", field: "int32" },
  { name: "INT8", dtype: "int8", field: "int32" },
  { name: "UINT16", dtype: "uint16", field: "int32" },
  { name: "INT16", dtype: "int16", field: "int32" },
  { name: "INT32", dtype: "int32", field: "int32" },
  { name: "INT64", dtype: "int64", field: "int64" },
  { name: "STRING", dtype: "string", field: "string" },
  { name: "BOOL", dtype: "bool", field: "int32" },
  { name: "FLOAT16", dtype: "float16", field: "int32" },
  { name: "DOUBLE", dtype: "float64", field: "double" },
  { name: "UINT32", dtype: "uint32", field: "uint64" },
  { name: "UINT64", dtype: "uint64", field: "uint64" },
  { name: "COMPLEX64", dtype: "complex64", field: "float" },
  { name: "COMPLEX128", dtype: "complex128", field: "double" },
  { name: "BFLOAT16", dtype: "bfloat16", field: "int32" },
  { name: "FLOAT8E4M3FN", dtype: "float8e4m3fn", field: "int32" },
  { name: "FLOAT8E4M3FNUZ", dtype: "float8e4m3fnuz", field: "int32" },
  { name: "FLOAT8E5M2", dtype: "float8e5m2", field: "int32" },
  { name: "FLOAT8E5M2FNUZ", dtype: "float8e5m2fnuz", field: "int32" },
  { name: "UINT4", dtype: "uint4", field: "int32" },
  { name: "INT4", dtype: "int4", field: "int32" },
  { name: "FLOAT4E2M1", dtype: "float4e2m1", field: "int32" },
  { name: "FLOAT8E8M0", dtype: "float8e8m0", field: "int32" },
  { name: "UINT2", dtype: "uint2", field: "int32" },
  { name: "INT2", dtype: "int2", field: "int32" },
];

/** Names in lower case, as ONNX writes types in text. */
const TEXTS = DATA_TYPES.map(({ name }) => name.toLowerCase());

/** Returns the element type of a number in `message`; throws a DecodeError for numbers that name none. */
export function dataType(
  message: Message,
  code: number,
): DataType & { readonly dtype: DType; readonly text: string } {
  const type = DATA_TYPES[code];
  if (type === undefined) {
    throw message.broken(
      `its data type is ${code}, expected 1 to ${DATA_TYPES.length - 1} (newer than IR 13?)`,
    );
  }
  const { name, dtype, field } = type;
  if (dtype === null) throw message.broken(`its data type is ${code} (${name}), expected a type of elements`);
  return { name, dtype, field, text: TEXTS[code]! };
}

/** Returns the element type that a number or a name stands for, as Cast's `to`; null when neither is known. */
export function dataTypeOf(value: unknown): DType | null {
  if (typeof value === "number") return DATA_TYPES[value]?.dtype ?? null;
  return DATA_TYPES.find(({ name }) => name === value)?.dtype ?? null;
}

/** Returns the number of an element type in a file. */
export function dataTypeCode(dtype: DType): number {
  return DATA_TYPES.findIndex((type) => type.dtype === dtype);
}
