/** TFLite element types by code. Source: schema.fbs, enum TensorType (schema 3d). */
import { DecodeError, LabError } from "../../errors.js";
import type { DType } from "../../graph/dtype.js";
import { int8, type Reader } from "./flatbuffer.js";

/** null: types that are no data (handles to resources, boxed values). */
const TENSOR_TYPES: readonly { readonly name: string; readonly dtype: DType | null }[] = [
  { name: "FLOAT32", dtype: "float32" },
  { name: "FLOAT16", dtype: "float16" },
  { name: "INT32", dtype: "int32" },
  { name: "UINT8", dtype: "uint8" },
  { name: "INT64", dtype: "int64" },
  { name: "STRING", dtype: "string" },
  { name: "BOOL", dtype: "bool" },
  { name: "INT16", dtype: "int16" },
  { name: "COMPLEX64", dtype: "complex64" },
  { name: "INT8", dtype: "int8" },
  { name: "FLOAT64", dtype: "float64" },
  { name: "COMPLEX128", dtype: "complex128" },
  { name: "UINT64", dtype: "uint64" },
  { name: "RESOURCE", dtype: null },
  { name: "VARIANT", dtype: null },
  { name: "UINT32", dtype: "uint32" },
  { name: "UINT16", dtype: "uint16" },
  { name: "INT4", dtype: "int4" },
  { name: "BFLOAT16", dtype: "bfloat16" },
  { name: "INT2", dtype: "int2" },
  { name: "UINT4", dtype: "uint4" },
];

/** The code that a file means when it leaves the type out. */
export const DEFAULT_TYPE: DType = "float32";

/** Returns the element type whose code is at `at`. */
export const tensorType: Reader<DType> = (file, at, path) => {
  const code = int8(file, at, path);
  const type = TENSOR_TYPES[code];
  if (type === undefined) {
    throw new DecodeError({
      code: "TENSOR_TYPE",
      message: `Cannot read ${path}: its code is ${code}, expected 0 to ${TENSOR_TYPES.length - 1}`,
      hint: "the file may come from a newer converter than this decoder knows (schema 3d)",
      offset: at,
      path,
    });
  }
  if (type.dtype !== null) return type.dtype;
  throw new LabError({
    code: "UNSUPPORTED",
    message: `Cannot hold ${path}: its type is ${type.name}, expected plain data`,
    hint: "freeze variables and resources into constants when converting the model",
    at: `${path} at byte ${at}`,
  });
};
