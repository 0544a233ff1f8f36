/** Attention and what stands around it in transformers: ONNX's own, and ONNX Runtime's fused forms. */
import { numberAttribute, numbersAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import { same } from "./elementwise.js";
import type { InferenceCall, InferenceRule, InferenceRules, TensorType } from "./rule.js";

/** Sizes of a query, key or value: heads apart (rank 4), or side by side in the last axis (rank 3). */
interface HeadSizes {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

function headSizes(call: InferenceCall, index: number, headCount: string): HeadSizes {
  const shape = call.shape(index);
  if (shape.length === 4) {
    const [batch, heads, length, width] = shape as [number, number, number, number];
    return { batch, heads, length, width };
  }
  if (shape.length !== 3) throw call.refuse(`input ${index} is ${formatShape(shape)}, expected rank 3 or 4`);
  const [batch, length, together] = shape as [number, number, number];
  const heads = numberAttribute(call.node, headCount);
  if (together % heads !== 0) throw call.refuse(`${together} channels are no multiple of ${heads} heads`);
  return { batch, heads, length, width: together / heads };
}

/**
 * Inputs: Q, K, V, mask, past K, past V. Outputs: Y in the form of Q, present K and V, and the products of
 * queries and keys. The past goes before the keys.
 */
const attention: InferenceRule = (call) => {
  const query = headSizes(call, 0, "qNumHeads");
  const key = headSizes(call, 1, "kvNumHeads");
  const value = headSizes(call, 2, "kvNumHeads");
  if (key.length !== value.length) {
    throw call.refuse(`it has ${key.length} keys for ${value.length} values`);
  }
  const { batch, heads, length } = query;
  const total = key.length + (call.has(4) ? call.shape(4)[2]! : 0);
  const shape: StaticShape =
    call.shape(0).length === 4 ? [batch, heads, length, value.width] : [batch, length, heads * value.width];
  return [
    { dtype: call.dtype(0), shape },
    { dtype: call.dtype(1), shape: [batch, key.heads, total, key.width] },
    { dtype: call.dtype(2), shape: [batch, value.heads, total, value.width] },
    { dtype: call.dtype(0), shape: [batch, heads, length, total] },
  ];
};

/**
 * ONNX Runtime's Attention projects first: input [batch, length, in], weights [in, Q + K + V], and the past
 * in one tensor [2, batch, heads, past, width].
 */
function projectedAttention(past: number, typed: number): InferenceRule {
  return (call) => {
    const input = call.shape(0);
    if (input.length !== 3) throw call.refuse(`its input is ${formatShape(input)}, expected rank 3`);
    const [batch, length] = input as [number, number, number];
    const third = call.shape(1)[1]! / 3;
    const hidden = numbersAttribute(call.node, "qkvHiddenSizes", [third, third, third])[2]!;
    const dtype = call.dtype(typed);
    const output: TensorType = { dtype, shape: [batch, length, hidden] };
    const heads = numberAttribute(call.node, "numHeads");
    const before = call.has(past) ? call.shape(past)[3]! : 0;
    return [output, { dtype, shape: [2, batch, heads, before + length, hidden / heads] }];
  };
}

/** Q, K, V as [batch, length, hidden], K and V with heads apart, or all packed [batch, length, heads, 3, width]. */
const multiHeadAttention: InferenceRule = (call) => {
  const query = call.shape(0);
  const dtype = call.dtype(0);
  const heads = numberAttribute(call.node, "numHeads");
  const [batch, length] = query as [number, number];
  const keys = call.has(1) ? call.shape(1) : query;
  const values = call.has(2) ? call.shape(2) : keys;
  const width = values.length === 5 ? values[4]! : values.length === 4 ? values[3]! : values[2]! / heads;
  const keyWidth = keys.length === 5 ? keys[4]! : keys.length === 4 ? keys[3]! : keys[2]! / heads;
  const keyCount = keys.length === 4 ? keys[2]! : keys[1]!;
  const total = keyCount + (call.has(6) ? call.shape(6)[2]! : 0);
  return [
    { dtype, shape: [batch, length, heads * width] },
    { dtype, shape: [batch, heads, total, keyWidth] },
    { dtype, shape: [batch, heads, total, width] },
  ];
};

/**
 * Without a key, query, key and value lie side by side in the query. The past (inputs 3, 4) is a buffer that
 * the present may have to outgrow; input 6 says how many tokens there are in all.
 */
const groupQueryAttention: InferenceRule = (call) => {
  const [batch, length, channels] = call.shape(0) as [number, number, number];
  const heads = numberAttribute(call.node, "numHeads");
  const keyHeads = numberAttribute(call.node, "kvNumHeads");
  const width = channels / (call.has(1) ? heads : heads + 2 * keyHeads);
  const dtype = call.dtype(0);
  const output: TensorType = { dtype, shape: [batch, length, heads * width] };
  if (call.node.outputs.length === 1) return [output];
  const total = Math.max(call.value(6), call.has(3) ? call.shape(3)[2]! : 0);
  const present: TensorType = { dtype, shape: [batch, keyHeads, total, width] };
  return [output, present, present];
};

/** Tokens [batch, length] and a table of words [vocabulary, hidden]. */
const embedLayerNormalization: InferenceRule = (call) => {
  const [batch, length] = call.shape(0) as [number, number];
  const type: TensorType = { dtype: call.dtype(2), shape: [batch, length, call.shape(2)[1]!] };
  return [type, { dtype: "int32", shape: [batch] }, type];
};

export const ATTENTION_RULES: InferenceRules = {
  Attention: attention,
  RotaryEmbedding: same,
  TensorScatter: same,
  "com.microsoft:Attention": projectedAttention(4, 0),
  "com.microsoft:EmbedLayerNormalization": embedLayerNormalization,
  "com.microsoft:GroupQueryAttention": groupQueryAttention,
  "com.microsoft:MultiHeadAttention": multiHeadAttention,
  // The input is quantised; the scale of the input says the type of the result.
  "com.microsoft:QAttention": projectedAttention(8, 3),
  "com.microsoft:RotaryEmbedding": same,
};
