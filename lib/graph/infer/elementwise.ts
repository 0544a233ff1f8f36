/** Operators that keep a shape, and operators that broadcast. */
import { broadcastInputs } from "./broadcast.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/** Returns the shapes of the inputs that are there. */
export function inputShapes(call: InferenceCall): (readonly number[])[] {
  return call.node.inputs.flatMap((input, index) => (input ? [call.shape(index)] : []));
}

/** The output is as input 0. */
export const same: InferenceRule = (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }];

const predicate: InferenceRule = (call) => [{ dtype: "bool", shape: call.shape(0) }];

/** The output is what all inputs broadcast to. */
export const broadcast: InferenceRule = (call) => [
  { dtype: call.dtype(0), shape: broadcastInputs(call, inputShapes(call)) },
];

const comparison: InferenceRule = (call) => [
  { dtype: "bool", shape: broadcastInputs(call, inputShapes(call)) },
];

const SAME = [
  ..."Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor".split(
    " ",
  ),
  ..."Gelu Hardmax HardSigmoid HardSwish Identity".split(" "),
  ..."LeakyRelu Log LogSoftmax Mish Neg Not PRelu".split(" "),
  ..."Reciprocal Relu Relu6 Reverse ReverseSequence Round Rsqrt Scatter ScatterElements".split(" "),
  ..."ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Square Swish Tan".split(" "),
  ..."Tanh ThresholdedRelu Trilu".split(" "),
  // TFLite builtins without a counterpart.
  ..."BUCKETIZE DYNAMIC_UPDATE_SLICE FAKE_QUANT RELU_0_TO_1 RELU_N1_TO_1 REVERSE_SEQUENCE SIGN ZEROS_LIKE".split(
    " ",
  ),
];
const BROADCAST = [
  ..."Add And Atan2 BitShift BitwiseAnd BitwiseOr BitwiseXor Div FloorDiv Max Mean Min Mod Mul Or Pow".split(
    " ",
  ),
  ..."SquaredDifference StringConcat Sub Sum Xor".split(" "),
  ..."BITWISE_XOR FLOOR_MOD RIGHT_SHIFT".split(" "),
];
const COMPARISONS = "Equal Greater GreaterOrEqual Less LessOrEqual NotEqual".split(" ");

function all(operators: readonly string[], rule: InferenceRule): InferenceRules {
  return Object.fromEntries(operators.map((operator) => [operator, rule]));
}

/** A determinant for each matrix in the last two axes. */
const determinant: InferenceRule = (call) => [{ dtype: call.dtype(0), shape: call.shape(0).slice(0, -2) }];

export const ELEMENTWISE_RULES: InferenceRules = {
  ...all(SAME, same),
  ...all(BROADCAST, broadcast),
  ...all(COMPARISONS, comparison),
  Det: determinant,
  IsInf: predicate,
  IsNaN: predicate,
  RegexFullMatch: predicate,
  // The mask is of the type that the file has: bool, before opset 10 that of the data.
  Dropout: (call) => [
    { dtype: call.dtype(0), shape: call.shape(0) },
    { dtype: call.node.outputs[1]?.dtype ?? "bool", shape: call.shape(0) },
  ],
  Where: (call) => [{ dtype: call.dtype(1), shape: broadcastInputs(call, inputShapes(call)) }],
};
