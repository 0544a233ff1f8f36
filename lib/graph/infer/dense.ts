/** Dense layers and products of matrices. */
import { flagAttribute } from "../node.js";
import { elementCount, formatShape, type StaticShape } from "../shape.js";
import { broadcastInputs } from "./broadcast.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/** Input 0 of any rank is seen as [rows, Cin]; the last axes before Cin stay when `keepDims` says so. */
const gemm: InferenceRule = (call) => {
  const { node } = call;
  const input = call.shape(0);
  const weights = call.shape(1);
  if (weights.length !== 2) throw call.refuse(`its weights are ${formatShape(weights)}, expected rank 2`);
  const transposed = flagAttribute(node, "transB", false);
  const [outputs, channels] = transposed ? [weights[0]!, weights[1]!] : [weights[1]!, weights[0]!];
  if (flagAttribute(node, "transA", false)) {
    if (input.length !== 2 || input[0] !== channels) throw mismatch(call, input, channels);
    return [{ dtype: call.dtype(0), shape: [input[1]!, outputs] }];
  }
  if (flagAttribute(node, "keepDims", false)) {
    if (input[input.length - 1] !== channels) throw mismatch(call, input, channels);
    return [{ dtype: call.dtype(0), shape: [...input.slice(0, -1), outputs] }];
  }
  const rows = elementCount(input) / channels;
  // ONNX's Gemm takes matrices alone; TFLite cuts any tensor into rows.
  const matrix = node.source.format === "onnx" ? input[1] === channels : Number.isInteger(rows);
  if (!matrix) throw mismatch(call, input, channels);
  return [{ dtype: call.dtype(0), shape: [rows, outputs] }];
};

function mismatch(call: InferenceCall, input: StaticShape, channels: number) {
  return call.refuse(
    `the weights read ${channels} values per row, the input is ${formatShape(input)}`,
    "a dense layer fixes the resolution of the network that feeds it",
  );
}

/**
 * NumPy's product: a vector counts as a row on the left, a column on the right; leading axes broadcast.
 * TFLite's BATCH_MATMUL keeps its name where it transposes a side.
 */
const matMul: InferenceRule = (call) => {
  let a = call.shape(0);
  let b = call.shape(1);
  if (a.length === 0 || b.length === 0) throw call.refuse("a scalar has no rows, expected rank 1 or more");
  const [vectorA, vectorB] = [a.length === 1, b.length === 1];
  if (vectorA) a = [1, ...a];
  if (vectorB) b = [...b, 1];
  if (flagAttribute(call.node, "adjX", false)) a = swapLast(a);
  if (flagAttribute(call.node, "adjY", false)) b = swapLast(b);
  if (a[a.length - 1] !== b[b.length - 2]) {
    throw call.refuse(`the inner sizes ${a[a.length - 1]} and ${b[b.length - 2]} differ`);
  }
  const batch = broadcastInputs(call, [a.slice(0, -2), b.slice(0, -2)]);
  const rows = vectorA ? [] : [a[a.length - 2]!];
  const columns = vectorB ? [] : [b[b.length - 1]!];
  return [{ dtype: call.dtype(0), shape: [...batch, ...rows, ...columns] }];
};

function swapLast(shape: StaticShape): StaticShape {
  return [...shape.slice(0, -2), shape[shape.length - 1]!, shape[shape.length - 2]!];
}

export const DENSE_RULES: InferenceRules = {
  BATCH_MATMUL: matMul,
  Gemm: gemm,
  MatMul: matMul,
  MatMulInteger: (call) => matMul(call).map((type) => ({ ...type, dtype: "int32" as const })),
};
