import { constantOf, Tensor } from "../../graph/tensor.js";

/** ONNX's way to say "to the end" of an axis: the largest int64. */
export const TO_THE_END = 2n ** 63n - 1n;

/** Returns a constant int64 tensor; a vector unless `shape` says otherwise. */
export function int64Constant(
  name: string,
  values: readonly (number | bigint)[],
  shape: readonly number[] = [values.length],
): Tensor {
  const data = BigInt64Array.from(values, BigInt);
  return new Tensor({ name, dtype: "int64", shape, data: constantOf(new Uint8Array(data.buffer)) });
}

/** Returns a constant scalar float32 tensor. */
export function float32Scalar(name: string, value: number): Tensor {
  const data = Float32Array.of(value);
  return new Tensor({ name, dtype: "float32", shape: [], data: constantOf(new Uint8Array(data.buffer)) });
}

/** Returns a constant float32 vector. */
export function float32Vector(name: string, values: readonly number[]): Tensor {
  const data = Float32Array.from(values);
  return new Tensor({
    name,
    dtype: "float32",
    shape: [values.length],
    data: constantOf(new Uint8Array(data.buffer)),
  });
}
