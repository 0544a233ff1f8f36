/** Operators that fold axes into one value, or find positions along them. */
import { flagAttribute, numberAttribute, numbersAttribute } from "../node.js";
import type { StaticShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/** Returns the axes that a reduction folds; all of them when it names none. */
export function reducedAxes(call: InferenceCall): readonly number[] {
  const rank = call.shape(0).length;
  // ONNX Runtime's own reductions keep the axes in an attribute, as old opsets did.
  const named = call.has(1) ? call.values(1) : numbersAttribute(call.node, "axes", []);
  if (named.length > 0) return named.map((axis) => call.axis(axis, rank));
  if (flagAttribute(call.node, "noopWithEmptyAxes", false)) return [];
  // In TFLite an empty list of axes reduces nothing.
  if (call.has(1) && call.node.source.format === "tflite") return [];
  return Array.from({ length: rank }, (_, axis) => axis);
}

function fold(shape: StaticShape, axes: readonly number[], keep: boolean): StaticShape {
  const folded = new Set(axes);
  return keep
    ? shape.map((size, axis) => (folded.has(axis) ? 1 : size))
    : shape.filter((_, axis) => !folded.has(axis));
}

const reduce: InferenceRule = (call) => {
  // Attribute names follow the file: ONNX writes keepdims, TFLite's own operators keepDims.
  const keep = flagAttribute(
    call.node,
    "keepdims",
    flagAttribute(call.node, "keepDims", call.node.source.format !== "tflite"),
  );
  return [{ dtype: call.dtype(0), shape: fold(call.shape(0), reducedAxes(call), keep) }];
};

const position: InferenceRule = (call) => {
  const shape = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", 0), shape.length);
  const keep = flagAttribute(call.node, "keepdims", true);
  return [{ dtype: "int64", shape: fold(shape, [axis], keep) }];
};

/** Recorded by TFLite as [x, axis], kept where the axis is computed. */
const positionAlong: InferenceRule = (call) => {
  const shape = call.shape(0);
  return [{ dtype: "int64", shape: fold(shape, [call.axis(call.values(1)[0]!, shape.length)], false) }];
};

const topK: InferenceRule = (call) => {
  const shape = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", -1), shape.length);
  const [count] = call.values(1);
  const kept = shape.map((size, index) => (index === axis ? count! : size));
  return [
    { dtype: call.dtype(0), shape: kept },
    { dtype: "int64", shape: kept },
  ];
};

const REDUCTIONS = [
  ..."ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd".split(" "),
  ..."ReduceSum ReduceSumSquare".split(" "),
  ..."REDUCE_ALL REDUCE_ANY".split(" "),
];

export const REDUCTION_RULES: InferenceRules = {
  ...Object.fromEntries(REDUCTIONS.map((operator) => [operator, reduce])),
  ARG_MAX: positionAlong,
  ARG_MIN: positionAlong,
  ArgMax: position,
  ArgMin: position,
  TopK: topK,
};
