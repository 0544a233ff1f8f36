/**
 * Quantisation written as operators. With one input the types are on the tensors (TFLite, and what folding
 * leaves); ONNX has scale and zero point as inputs.
 */
import type { DType } from "../dtype.js";
import { type Attributes, flagAttribute, numberAttribute } from "../node.js";
import { broadcastInputs } from "./broadcast.js";
import { typeAttribute } from "./creating.js";
import { DENSE_RULES } from "./dense.js";
import { broadcast, same } from "./elementwise.js";
import { REDUCTION_RULES } from "./reduction.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";
import { SLIDING_RULES } from "./sliding.js";

/** The zero point says the stored type; ONNX takes uint8 when there is none. */
const quantize: InferenceRule = (call) => {
  const told = call.node.inputs.length < 2 ? call.node.output().dtype : null;
  const named = call.has(2) ? call.dtype(2) : (typeAttribute(call, "outputDtype") ?? "uint8");
  return [{ dtype: told ?? named, shape: call.shape(0) }];
};

const dequantize: InferenceRule = (call) => {
  const told = call.node.inputs.length < 2 ? call.node.output().dtype : null;
  return [{ dtype: told ?? typeAttribute(call, "outputDtype") ?? call.dtype(1), shape: call.shape(0) }];
};

/** A plain operator on operands that have scale and zero point behind them. */
interface QuantizedForm {
  readonly rule: InferenceRule;
  readonly op: string;
  /** Where the data are. */
  readonly operands: readonly number[];
  /** The output's zero point, which says its type; without it the output is `otherwise`. */
  readonly zeroPoint: number;
  readonly otherwise?: DType;
  readonly attributes?: Attributes;
}

const CONVOLUTION: QuantizedForm = {
  rule: SLIDING_RULES.Conv!,
  op: "Conv",
  operands: [0, 3],
  zeroPoint: 7,
  attributes: { weightLayout: "OIHW" },
};
const ELEMENTWISE: QuantizedForm = { rule: same, op: "Identity", operands: [0], zeroPoint: 4 };
const BROADCAST: QuantizedForm = { rule: broadcast, op: "Add", operands: [0, 3], zeroPoint: 7 };

/** Source: ONNX operators QLinearConv-10 and QLinearMatMul-21; onnxruntime docs/ContribOperators.md. */
const FORMS: Readonly<Record<string, QuantizedForm>> = {
  QLinearConv: CONVOLUTION,
  QLinearMatMul: { rule: DENSE_RULES.MatMul!, op: "MatMul", operands: [0, 3], zeroPoint: 7 },
  "com.microsoft:QGemm": {
    ...{ rule: DENSE_RULES.Gemm!, op: "Gemm", operands: [0, 3], zeroPoint: 8 },
    otherwise: "float32",
  },
  "com.microsoft:QLinearAdd": BROADCAST,
  "com.microsoft:QLinearAveragePool": {
    ...{ rule: SLIDING_RULES.AveragePool!, op: "AveragePool", operands: [0], zeroPoint: 4 },
  },
  "com.microsoft:QLinearConv": CONVOLUTION,
  "com.microsoft:QLinearGlobalAveragePool": {
    ...{ rule: SLIDING_RULES.GlobalAveragePool!, op: "GlobalAveragePool", operands: [0], zeroPoint: 4 },
  },
  "com.microsoft:QLinearLeakyRelu": ELEMENTWISE,
  "com.microsoft:QLinearMul": BROADCAST,
  "com.microsoft:QLinearReduceMean": {
    ...{ rule: REDUCTION_RULES.ReduceMean!, op: "ReduceMean", operands: [0], zeroPoint: 4 },
  },
  "com.microsoft:QLinearSigmoid": ELEMENTWISE,
  "com.microsoft:QLinearSoftmax": ELEMENTWISE,
};

function quantizedForm({ rule, op, operands, zeroPoint, otherwise, attributes }: QuantizedForm) {
  return (call: InferenceCall) => {
    const layout: Attributes = flagAttribute(call.node, "channelsLast", false) ? { layout: "NHWC" } : {};
    const [type] = rule(call.as(op, operands, { ...attributes, ...layout }));
    const dtype = call.has(zeroPoint) ? call.dtype(zeroPoint) : (otherwise ?? call.dtype(0));
    return [{ dtype, shape: type!.shape }];
  };
}

/** The output's scale and zero point come first, then three inputs for each part. */
const concat: InferenceRule = (call) => {
  const first = call.shape(2);
  const axis = call.axis(numberAttribute(call.node, "axis"), first.length);
  let total = 0;
  for (let index = 2; index < call.node.inputs.length; index += 3) total += call.shape(index)[axis]!;
  return [{ dtype: call.dtype(1), shape: first.map((size, at) => (at === axis ? total : size)) }];
};

const where: InferenceRule = (call) => [
  { dtype: call.dtype(8), shape: broadcastInputs(call, [call.shape(0), call.shape(1), call.shape(4)]) },
];

export const QUANTIZED_RULES: InferenceRules = {
  ...Object.fromEntries(Object.entries(FORMS).map(([op, form]) => [op, quantizedForm(form)])),
  "com.microsoft:DequantizeLinear": dequantize,
  "com.microsoft:QLinearConcat": concat,
  "com.microsoft:QLinearWhere": where,
  "com.microsoft:QuantizeLinear": quantize,
  DequantizeLinear: dequantize,
  // The scale and the zero point are scalars.
  DynamicQuantizeLinear: (call) => [
    { dtype: "uint8", shape: call.shape(0) },
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ],
  QuantizeLinear: quantize,
};
