/**
 * What a model author can do about operators that the vendor's tables keep off the NPU. One sentence per
 * operator of `OPERATORS` that a table sends to the CPU or refuses; a test sees that none is missing.
 */
const APPLICATION = "leave it to the application: cut the network before it";
const COMPARE = "compare in the application, or subtract and use Relu where a soft mask will do";
const ROUNDING = "drop it: quantisation rounds already; or leave it to the application";
const CURVE = "use an activation that ACTIV_ACC computes: Relu, Clip, LeakyRelu, Sigmoid, Tanh or HardSwish";
const RECURRENT = "replace the recurrence by convolutions over a window of time (a TCN)";
const PYTHON = "compute it before training and fold it into constants, or leave it to the application";
const EXTREME = "use a max pool of the negated values, or leave it to the application";
const WEIGHTED_SUM = "use a mean (GlobalAveragePool) and fold the factor into the next layer";
const POST = "cut post-processing off and run it in the application";

export const FIXES: Readonly<Record<string, string>> = {
  ArgMax: APPLICATION,
  ArgMin: APPLICATION,
  BatchNormalization: "fold it into the convolution before it",
  Ceil: ROUNDING,
  Cos: PYTHON,
  Cosh: PYTHON,
  DequantizeLinear: "keep both sides in integers, or take integer outputs",
  Div: "multiply by a constant instead",
  Elu: CURVE,
  Exp: CURVE,
  Floor: ROUNDING,
  Gather: "use Slice or Split where the indices are constant, or cut post-processing off",
  Greater: COMPARE,
  GreaterOrEqual: COMPARE,
  Hardmax: APPLICATION,
  InstanceNormalization: "train with batch normalisation, which folds into convolutions",
  LRN: "train with batch normalisation, which folds into convolutions",
  LayerNormalization: "train with batch normalisation, which folds into convolutions",
  Less: COMPARE,
  LessOrEqual: COMPARE,
  Log: CURVE,
  LpNormalization: "normalise in the application: the direction of the vector is the same",
  Max: "use Relu or Clip where one operand is constant",
  Min: "use Clip where one operand is constant",
  Mod: PYTHON,
  Neg: "fold the sign into the layer before it",
  Pow: "multiply the value with itself for a square",
  QuantizeLinear: "hand the network integer inputs, or keep both sides in integers",
  Reciprocal: "multiply by a constant where the divisor is one",
  ReduceLogSumExp: APPLICATION,
  ReduceMax: "reduce over the whole map: it is a global pool then",
  ReduceMean: "reduce over the whole map: it is a global pool then",
  ReduceMin: EXTREME,
  ReduceProd: APPLICATION,
  ReduceSum: WEIGHTED_SUM,
  Resize: "use nearest, or a transpose convolution",
  Round: ROUNDING,
  Rsqrt: "train with batch normalisation, whose root folds into constants",
  Selu: CURVE,
  Sin: PYTHON,
  Softmax: "leave it to the application: the largest score has the same index",
  Softplus: CURVE,
  Softsign: CURVE,
  Sqrt: "train with batch normalisation, whose root folds into constants",
  Tile: "let an Add or Mul broadcast the value instead",
  Upsample: "use a transpose convolution, or Resize with mode nearest",

  NonMaxSuppression: POST,
  "CUSTOM:TFLite_Detection_PostProcess": POST,
  LSTM: RECURRENT,
  GRU: RECURRENT,
  UNIDIRECTIONAL_SEQUENCE_LSTM: RECURRENT,
};

/** Returns what would help; for an operator of neither table, how to get rid of it. */
export function fixOf(op: string): string {
  const fix = Object.hasOwn(FIXES, op) ? FIXES[op] : undefined;
  return fix ?? "replace it by operators of the vendor's table, or cut the network before it";
}
