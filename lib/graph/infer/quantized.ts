/**
 * Quantisation written as operators. With one input the types are on the tensors (TFLite, and what folding
 * leaves); ONNX has scale and zero point as inputs.
 */
import { typeAttribute } from "./creating.js";
import type { InferenceRule, InferenceRules } from "./rule.js";

/** The zero point says the stored type; ONNX takes uint8 when there is none. */
const quantize: InferenceRule = (call) => {
  const told = call.node.inputs.length < 2 ? call.node.output().dtype : null;
  const named = call.has(2) ? call.dtype(2) : (typeAttribute(call, "outputDtype") ?? "uint8");
  return [{ dtype: told ?? named, shape: call.shape(0) }];
};

const dequantize: InferenceRule = (call) => {
  const dtype = call.node.inputs.length < 2 ? call.node.output().dtype : call.dtype(1);
  return [{ dtype, shape: call.shape(0) }];
};

export const QUANTIZED_RULES: InferenceRules = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  "com.microsoft:QuantizeLinear": quantize,
  "com.microsoft:DequantizeLinear": dequantize,
};
