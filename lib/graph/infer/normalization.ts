/** Normalisations: the data keep their shape, statistics may stand beside them. */
import { numberAttribute } from "../node.js";
import { typeAttribute } from "./creating.js";
import { same } from "./elementwise.js";
import type { InferenceCall, InferenceRule, InferenceRules, TensorType } from "./rule.js";

/** Only training reads the statistics: running mean and variance, and in old opsets the saved ones. */
const batchNormalization: InferenceRule = (call) => {
  const type = call.like(0);
  const statistic = call.has(3) ? call.like(3) : type;
  return [type, statistic, statistic, statistic, statistic];
};

/** One mean and one deviation for all elements from `axis` on. */
function statisticOf(call: InferenceCall): TensorType {
  const shape = call.shape(0);
  const axis = call.axis(numberAttribute(call.node, "axis", -1), shape.length);
  return {
    dtype: typeAttribute(call, "stashType") ?? "float32",
    shape: shape.map((size, index) => (index < axis ? size : 1)),
  };
}

const layerNormalization: InferenceRule = (call) => {
  const statistic = statisticOf(call);
  return [call.like(0), statistic, statistic];
};

/** Output 3 is the sum that was normalised. */
const skipLayerNormalization: InferenceRule = (call) => {
  const statistic = statisticOf(call);
  return [call.like(0), statistic, statistic, call.like(0)];
};

/** Output 1 is the sum that was normalised. */
const skipGroupNorm: InferenceRule = (call) => [call.like(0), call.like(0)];

export const NORMALIZATION_RULES: InferenceRules = {
  BatchNormalization: batchNormalization,
  GroupNormalization: same,
  InstanceNormalization: same,
  LRN: same,
  LayerNormalization: layerNormalization,
  LpNormalization: same,
  MeanVarianceNormalization: same,
  RMSNormalization: same,
  // ONNX Runtime writes it in ONNX's own domain.
  SimplifiedLayerNormalization: layerNormalization,
  "com.microsoft:GroupNorm": same,
  "com.microsoft:LayerNormalization": layerNormalization,
  "com.microsoft:SkipGroupNorm": skipGroupNorm,
  "com.microsoft:SkipLayerNormalization": skipLayerNormalization,
  "com.microsoft:SkipSimplifiedLayerNormalization": skipLayerNormalization,
};
