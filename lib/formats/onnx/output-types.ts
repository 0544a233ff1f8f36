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
  readonly attributes: Attributes;
  readonly inputs: InputTypes;
}

/** The element types of inputs; those of large files have no tensors yet. */
export interface InputTypes {
  dtype(input: number): DType | undefined;
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

/** Returns the type of output `index`. */
type Rule = (call: TypedCall, opset: number, index: number) => DType;

function typeOf({ inputs }: TypedCall, input: number): DType {
  return inputs.dtype(input) ?? "float32";
}

const likeFirst: Rule = (call) => typeOf(call, 0);

const quantized: Rule = ({ inputs, attributes }) =>
  inputs.dtype(2) ?? dataTypeOf(attributes.outputDtype) ?? "uint8";

const generated: Rule = ({ attributes }) => dataTypeOf(attributes.dtype) ?? "float32";

const classified: Rule = ({ attributes }, _, index) => {
  if (index > 0) return "float32";
  return Array.isArray(attributes.classlabelsStrings) && attributes.classlabelsStrings.length > 0
    ? "string"
    : "int64";
};

function listed(types: readonly (DType | number)[]): Rule {
  return (call, _, index) => {
    const type = types[Math.min(index, types.length - 1)]!;
    return typeof type === "number" ? typeOf(call, type) : type;
  };
}

/** A Map: nodes by the hundred thousand ask. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...Object.entries(OUTPUT_TYPES).map(([op, types]) => [op, listed(types)] as const),
  // A canonical Cast names the type (canonical.ts).
  [
    "Cast",
    (call) => (typeof call.attributes.to === "string" ? (call.attributes.to as DType) : typeOf(call, 0)),
  ],
  [
    "ConstantOfShape",
    ({ attributes }) => (attributes.value instanceof Tensor ? attributes.value.dtype : "float32"),
  ],
  ["Dropout", (call, opset, index) => (index > 0 && opset >= 10 ? "bool" : typeOf(call, 0))],
  ["EyeLike", generated],
  ["QuantizeLinear", quantized],
  ["RandomNormal", generated],
  ["RandomUniform", generated],
  ["com.microsoft:QuantizeLinear", quantized],
]);

/** Returns the element type of output `index`; `opset` is the version of the operator's domain. */
export function outputType(call: TypedCall, opset: number, index: number): DType {
  const { op } = call;
  const rule = RULES.get(op) ?? (op.includes(":") && CLASSIFIER.test(op) ? classified : likeFirst);
  return rule(call, opset, index);
}
