/** TFLite element types by code. Source: schema.fbs, enum TensorType (schema 3d). */
import { DecodeError, LabError } from "../../errors.js";
import type { DType } from "../../graph/dtype.js";
import { type Codec, int8 } from "./codec.js";
import { placeOf } from "./flatbuffer.js";

/** The position in the list is the code. */
const TENSOR_TYPES: readonly { readonly name: string; readonly dtype: DType }[] = [
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
  { name: "RESOURCE", dtype: "resource" },
  { name: "VARIANT", dtype: "variant" },
  { name: "UINT32", dtype: "uint32" },
  { name: "UINT16", dtype: "uint16" },
  { name: "INT4", dtype: "int4" },
  { name: "BFLOAT16", dtype: "bfloat16" },
  { name: "INT2", dtype: "int2" },
  { name: "UINT4", dtype: "uint4" },
  { name: "FLOAT8_E4M3FN", dtype: "float8e4m3fn" },
  { name: "FLOAT8_E5M2", dtype: "float8e5m2" },
];

/** The code that a file means when it leaves the type out. */
export const DEFAULT_TYPE: DType = "float32";

/** The element type whose code is stored. */
export const tensorType: Codec<DType> = {
  size: 1,
  read(file, at, from) {
    const code = int8.read(file, at, from);
    const type = TENSOR_TYPES[code];
    if (type !== undefined) return type.dtype;
    const path = placeOf(from);
    throw new DecodeError({
      code: "TENSOR_TYPE",
      message: `Cannot read ${path}: its code is ${code}, expected 0 to ${TENSOR_TYPES.length - 1}`,
      hint: "the file may come from a newer converter than this decoder knows (schema 3d)",
      offset: at,
      path,
    });
  },
  write(out, dtype, at) {
    const code = TENSOR_TYPES.findIndex((type) => type.dtype === dtype);
    if (code >= 0) return int8.write(out, code, at);
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot write a tensor of type ${dtype}: TFLite has ${TENSOR_TYPES.map((type) => type.dtype).join(", ")}`,
    });
  },
};
