/** Classical models of ai.onnx.ml: N rows of features in, a label or a few scores per row out. */
import { numberAttribute } from "../node.js";
import { same } from "./elementwise.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

const LABELS = ["classlabelsInts", "classlabelsInt64s", "classlabelsStrings"];

function rows(call: InferenceCall): number {
  const shape = call.shape(0);
  return shape.length > 1 ? shape[0]! : 1;
}

/** A label and one score per class and row. */
const classifier: InferenceRule = (call) => {
  const name = LABELS.find((own) => Array.isArray(call.node.attributes[own]));
  if (name === undefined) throw call.refuse(`it lists no classes, expected one of ${LABELS.join(", ")}`);
  const classes = (call.node.attributes[name] as readonly unknown[]).length;
  return [
    { dtype: name === "classlabelsStrings" ? "string" : "int64", shape: [rows(call)] },
    { dtype: "float32", shape: [rows(call), classes] },
  ];
};

const regressor: InferenceRule = (call) => {
  const targets = numberAttribute(call.node, "nTargets", numberAttribute(call.node, "targets", 1));
  return [{ dtype: "float32", shape: [rows(call), targets] }];
};

export const CLASSICAL_RULES: InferenceRules = {
  "ai.onnx.ml:LinearClassifier": classifier,
  "ai.onnx.ml:LinearRegressor": regressor,
  "ai.onnx.ml:Normalizer": same,
  "ai.onnx.ml:SVMClassifier": classifier,
  "ai.onnx.ml:SVMRegressor": regressor,
  "ai.onnx.ml:Scaler": same,
  "ai.onnx.ml:TreeEnsembleClassifier": classifier,
  "ai.onnx.ml:TreeEnsembleRegressor": regressor,
};
