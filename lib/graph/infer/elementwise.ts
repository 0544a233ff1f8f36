/** Operators that keep a shape, and operators that broadcast. */
import { broadcastInputs } from "./broadcast.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

function inputShapes(call: InferenceCall): (readonly number[])[] {
  return call.node.inputs.flatMap((input, index) => (input ? [call.shape(index)] : []));
}

/** The output is as input 0. */
export const same: InferenceRule = (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }];

const predicate: InferenceRule = (call) => [{ dtype: "bool", shape: call.shape(0) }];

const broadcast: InferenceRule = (call) => [
  { dtype: call.dtype(0), shape: broadcastInputs(call, inputShapes(call)) },
];

const comparison: InferenceRule = (call) => [
  { dtype: "bool", shape: broadcastInputs(call, inputShapes(call)) },
];

/** Normalisations return statistics beside the result, which only training reads. */
const normalization: InferenceRule = (call) => {
  const type = { dtype: call.dtype(0), shape: call.shape(0) };
  const statistic = call.has(3) ? { dtype: call.dtype(3), shape: call.shape(3) } : type;
  return [type, statistic, statistic, statistic, statistic];
};

const SAME = [
  ..."Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor".split(
    " ",
  ),
  ..."GroupNormalization Gelu Hardmax HardSigmoid HardSwish Identity InstanceNormalization".split(" "),
  ..."LRN LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not PRelu".split(" "),
  ..."RMSNormalization Reciprocal Relu Relu6 Reverse ReverseSequence Round Rsqrt ScatterElements".split(" "),
  ..."ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Square Swish Tan".split(" "),
  ..."Tanh ThresholdedRelu Trilu".split(" "),
  // Fused forms that ONNX Runtime's optimiser writes into files.
  ..."BiasGelu FastGelu Gelu QuickGelu SkipLayerNormalization"
    .split(" ")
    .map((name) => `com.microsoft:${name}`),
  // TFLite builtins without a counterpart.
  ..."BUCKETIZE DYNAMIC_UPDATE_SLICE FAKE_QUANT RELU_0_TO_1 RELU_N1_TO_1 REVERSE_SEQUENCE SIGN ZEROS_LIKE".split(
    " ",
  ),
];
const BROADCAST = [
  ..."Add And Atan2 BitShift BitwiseAnd BitwiseOr BitwiseXor Div FloorDiv Max Mean Min Mod Mul Or Pow".split(
    " ",
  ),
  ..."SquaredDifference Sub Sum Xor".split(" "),
  ..."BITWISE_XOR FLOOR_MOD RIGHT_SHIFT".split(" "),
];
const COMPARISONS = "Equal Greater GreaterOrEqual Less LessOrEqual NotEqual".split(" ");

function all(operators: readonly string[], rule: InferenceRule): InferenceRules {
  return Object.fromEntries(operators.map((operator) => [operator, rule]));
}

export const ELEMENTWISE_RULES: InferenceRules = {
  ...all(SAME, same),
  ...all(BROADCAST, broadcast),
  ...all(COMPARISONS, comparison),
  IsInf: predicate,
  IsNaN: predicate,
  BatchNormalization: normalization,
  // The mask and the statistics that follow have the shape of the data or are read by training alone.
  Dropout: (call) => [
    { dtype: call.dtype(0), shape: call.shape(0) },
    { dtype: "bool", shape: call.shape(0) },
  ],
  LayerNormalization: (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }],
  Where: (call) => [{ dtype: call.dtype(1), shape: broadcastInputs(call, inputShapes(call)) }],
  DynamicQuantizeLinear: (call) => [
    { dtype: "uint8", shape: call.shape(0) },
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ],
};
