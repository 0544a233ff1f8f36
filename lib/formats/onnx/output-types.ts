/**
 * Element types of outputs that a file does not declare. Most operators give the type of their first input;
 * the others are listed here. Source: the type constraints in onnx/docs/Operators.md and, for com.microsoft,
 * onnxruntime/docs/ContribOperators.md.
 */
import type { DType } from "../../graph/dtype.js";
import type { Attributes } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";
import { dataTypeOf } from "./data-types.js";

interface TypedCall {
  readonly op: string;
  readonly opset: number;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Attributes;
}

/** A type, or the input that has it, for each output; the last goes for all further ones. */
const OUTPUT_TYPES: Readonly<Record<string, readonly (DType | number)[]>> = {
  And: ["bool"],
  ArgMax: ["int64"],
  ArgMin: ["int64"],
  CastLike: [1],
  ConvInteger: ["int32"],
  DequantizeLinear: [1],
  DynamicQuantizeLinear: ["uint8", "float32", "uint8"],
  Equal: ["bool"],
  Greater: ["bool"],
  GreaterOrEqual: ["bool"],
  IsInf: ["bool"],
  IsNaN: ["bool"],
  Less: ["bool"],
  LessOrEqual: ["bool"],
  MatMulInteger: ["int32"],
  MaxPool: [0, "int64"],
  NonMaxSuppression: ["int64"],
  NonZero: ["int64"],
  Not: ["bool"],
  OneHot: [2],
  Or: ["bool"],
  QLinearConv: [7],
  QLinearMatMul: [7],
  Shape: ["int64"],
  Size: ["int64"],
  StringNormalizer: ["string"],
  TopK: [0, "int64"],
  Unique: [0, "int64"],
  Where: [1],
  Xor: ["bool"],
  "com.microsoft:QLinearAdd": [7],
  "com.microsoft:QLinearMul": [7],
  "com.microsoft:QLinearConcat": [1],
  "com.microsoft:QLinearAveragePool": [4],
  "com.microsoft:QLinearGlobalAveragePool": [4],
  "com.microsoft:QLinearLeakyRelu": [4],
  "com.microsoft:QLinearSigmoid": [4],
  "com.microsoft:QLinearSoftmax": [4],
  "com.microsoft:DequantizeLinear": [1],
  "com.microsoft:QGemm": [8],
  "ai.onnx.ml:SVMRegressor": ["float32"],
  "ai.onnx.ml:TreeEnsembleRegressor": ["float32"],
  "ai.onnx.ml:LinearRegressor": ["float32"],
  "ai.onnx.ml:Normalizer": ["float32"],
  "ai.onnx.ml:Scaler": ["float32"],
};

const CLASSIFIER = /^ai\.onnx\.ml:\w+Classifier$/;

/** Returns the element type of output `index`. */
export function outputType(call: TypedCall, index: number): DType {
  const { op, opset, inputs, attributes } = call;
  const of = (input: number): DType => inputs[input]?.dtype ?? "float32";
  switch (op) {
    case "Cast":
      // A canonical Cast names the type (canonical.ts).
      return typeof attributes.to === "string" ? (attributes.to as DType) : of(0);
    case "ConstantOfShape":
      return attributes.value instanceof Tensor ? attributes.value.dtype : "float32";
    case "Dropout":
      return index > 0 && opset >= 10 ? "bool" : of(0);
    case "QuantizeLinear":
    case "com.microsoft:QuantizeLinear":
      return inputs[2]?.dtype ?? dataTypeOf(attributes.outputDtype) ?? "uint8";
    case "RandomNormal":
    case "RandomUniform":
    case "EyeLike":
      return dataTypeOf(attributes.dtype) ?? "float32";
  }
  if (CLASSIFIER.test(op)) {
    if (index > 0) return "float32";
    return Array.isArray(attributes.classlabelsStrings) && attributes.classlabelsStrings.length > 0
      ? "string"
      : "int64";
  }
  const types = Object.hasOwn(OUTPUT_TYPES, op) ? OUTPUT_TYPES[op]! : [0];
  const type = types[Math.min(index, types.length - 1)]!;
  return typeof type === "number" ? of(type) : type;
}
