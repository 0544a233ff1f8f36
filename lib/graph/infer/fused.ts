/**
 * Forms that ONNX Runtime's optimiser writes into files (domain com.microsoft): plain operators with
 * something fused into them. Source: onnxruntime docs/ContribOperators.md.
 */
import { flagAttribute, numberAttribute } from "../node.js";
import { DENSE_RULES } from "./dense.js";
import { broadcast, same } from "./elementwise.js";
import { JOINING_RULES } from "./joining.js";
import { RESHAPING_RULES } from "./reshaping.js";
import type { InferenceRule, InferenceRules } from "./rule.js";
import { SLIDING_RULES } from "./sliding.js";

const convolution: InferenceRule = (call) => SLIDING_RULES.Conv!(call.as("Conv", [0, 1]));

/** Weights stay OIHW, the image is channels last. */
const nhwcConvolution: InferenceRule = (call) =>
  SLIDING_RULES.Conv!(call.as("Conv", [0, 1], { layout: "NHWC", weightLayout: "OIHW" }));

const nhwcMaxPool: InferenceRule = (call) =>
  SLIDING_RULES.MaxPool!(call.as("MaxPool", [0], { layout: "NHWC" })).slice(0, 1);

/** The sides may be transposed: `transA`, `transB`. */
const matMul: InferenceRule = (call) => {
  const transposed = (name: string) => flagAttribute(call.node, name, false);
  return DENSE_RULES.MatMul!(
    call.as("MatMul", [0, 1], { adjX: transposed("transA"), adjY: transposed("transB") }),
  );
};

/** The packed weights stand for a matrix [K, N]. */
const packedMatMul: InferenceRule = (call) => [
  { dtype: call.dtype(0), shape: [...call.shape(0).slice(0, -1), numberAttribute(call.node, "N")] },
];

const float: InferenceRule = (call) => {
  const [type] = DENSE_RULES.MatMul!(call.as("MatMul", [0, 1]));
  return [{ dtype: "float32", shape: type!.shape }];
};

/** Distances between the rows of two matrices. */
const distances: InferenceRule = (call) => [
  { dtype: call.dtype(0), shape: [call.shape(0)[0]!, call.shape(1)[0]!] },
];

/** Half of the channels gate the other half. */
const splitGelu: InferenceRule = (call) => {
  const shape = call.shape(0);
  return [{ dtype: call.dtype(0), shape: [...shape.slice(0, -1), shape[shape.length - 1]! / 2] }];
};

const RULES: InferenceRules = {
  BiasAdd: same,
  BiasGelu: same,
  BiasSoftmax: same,
  BiasSplitGelu: splitGelu,
  CDist: distances,
  DynamicQuantizeMatMul: float,
  ExpandDims: (call) => RESHAPING_RULES.Unsqueeze!(call),
  FastGelu: same,
  FusedConv: convolution,
  FusedGemm: (call) => DENSE_RULES.Gemm!(call.as("Gemm", [0, 1])),
  FusedMatMul: matMul,
  FusedMatMulActivation: matMul,
  Gelu: same,
  Inverse: same,
  MatMulIntegerToFloat: float,
  MatMulNBits: packedMatMul,
  NhwcFusedConv: nhwcConvolution,
  NhwcMaxPool: nhwcMaxPool,
  Pad: (call) => JOINING_RULES.Pad!(call.as("Pad", [0, 1])),
  QuickGelu: same,
  TransposeMatMul: matMul,
  Trilu: same,
  // The type of the result is that of both operands.
  MulInteger: broadcast,
};

export const FUSED_RULES: InferenceRules = Object.fromEntries(
  Object.entries(RULES).map(([op, rule]) => [`com.microsoft:${op}`, rule]),
);
