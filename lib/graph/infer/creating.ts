/** Operators whose result is made of sizes and positions rather than of data. */
import { DTYPES, type DType } from "../dtype.js";
import { numberAttribute } from "../node.js";
import { elementCount, type StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/** TensorProto.DataType of onnx.proto3, by number. */
const ONNX_TYPES: readonly (DType | null)[] = [
  ...([null, "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool"] as const),
  ...(["float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"] as const),
  ...(["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4"] as const),
  ...(["float4e2m1", "float8e8m0", "uint2", "int2"] as const),
];

/** Returns the element type that an attribute names, by word or by ONNX's number; null without one. */
export function typeAttribute(call: InferenceCall, name: string): DType | null {
  const value = call.node.attributes[name];
  if (value === undefined || value === 0) return null;
  if (typeof value === "string" && value in DTYPES) return value as DType;
  const found = typeof value === "number" ? ONNX_TYPES[value] : undefined;
  if (found) return found;
  throw call.refuse(`attribute '${name}' is ${JSON.stringify(value)}, expected an element type`);
}

/** Returns the first and last axis that Shape reports: [start, end). */
export function shapeRange(call: InferenceCall): StaticShape {
  const shape = call.shape(0);
  const { node } = call;
  return shape.slice(numberAttribute(node, "start", 0), numberAttribute(node, "end", shape.length));
}

const shape: InferenceRule = (call) => [{ dtype: "int64", shape: [shapeRange(call).length] }];

const range: InferenceRule = (call) => {
  const [start, limit, delta] = [0, 1, 2].map((index) => call.values(index)[0]!);
  const count = Math.max(0, Math.ceil((limit! - start!) / delta!));
  if (!Number.isFinite(count)) throw call.refuse(`steps of ${delta} do not lead from ${start} to ${limit}`);
  return [{ dtype: call.dtype(0), shape: [count] }];
};

/** TFLite's own FILL has the value as input 1; ONNX as an attribute, float 0 when absent. */
const constantOfShape: InferenceRule = (call) => {
  const value = call.tensorAttribute("value");
  const dtype = value?.tensor.dtype ?? (call.has(1) ? call.dtype(1) : "float32");
  return [{ dtype, shape: call.values(0) }];
};

const nonZero: InferenceRule = (call) => {
  const shape = call.shape(0);
  const rank = shape.length;
  const values = call.numbers(0);
  if (!values) {
    const most = elementCount(shape);
    throw call.dependsOnData(`the data decide how many elements differ from zero, at most ${most}`, [
      { dtype: "int64", shape: [rank, `≤${most}`] },
    ]);
  }
  const count = Array.from(values).filter((value) => value !== 0).length;
  return [{ dtype: "int64", shape: call.node.source.format === "tflite" ? [count, rank] : [rank, count] }];
};

/** The shape comes as an attribute or as a tensor. */
const random: InferenceRule = (call) => {
  const told = call.node.attributes.shape;
  const dtype = typeAttribute(call, "dtype") ?? "float32";
  return [{ dtype, shape: Array.isArray(told) ? (told as number[]) : call.shape(0) }];
};

/** The type is that of the data unless told. */
const typedLike: InferenceRule = (call) => [
  { dtype: typeAttribute(call, "dtype") ?? call.dtype(0), shape: call.shape(0) },
];

const multinomial: InferenceRule = (call) => {
  const samples = numberAttribute(call.node, "sampleSize", 1);
  return [{ dtype: typeAttribute(call, "dtype") ?? "int32", shape: [call.shape(0)[0]!, samples] }];
};

const oneHot: InferenceRule = (call) => {
  const indices = call.shape(0);
  const [depth] = call.values(1);
  const axis = call.axis(numberAttribute(call.node, "axis", -1), indices.length + 1);
  return [{ dtype: call.dtype(2), shape: [...indices.slice(0, axis), depth!, ...indices.slice(axis)] }];
};

export const CREATING_RULES: InferenceRules = {
  Bernoulli: typedLike,
  Cast: (call) => [{ dtype: typeAttribute(call, "to") ?? call.dtype(0), shape: call.shape(0) }],
  CastLike: (call) => [{ dtype: call.dtype(1), shape: call.shape(0) }],
  ConstantOfShape: constantOfShape,
  EyeLike: typedLike,
  FILL: constantOfShape,
  Multinomial: multinomial,
  NonZero: nonZero,
  ONE_HOT: oneHot,
  OneHot: oneHot,
  RANK: () => [{ dtype: "int32", shape: [] }],
  RandomNormal: random,
  RandomNormalLike: typedLike,
  RandomUniform: random,
  RandomUniformLike: typedLike,
  Range: range,
  SCATTER_ND: (call) => [{ dtype: call.dtype(1), shape: call.values(2) }],
  SPARSE_TO_DENSE: (call) => [{ dtype: call.dtype(2), shape: call.values(1) }],
  Shape: shape,
  Size: () => [{ dtype: "int64", shape: [] }],
};
