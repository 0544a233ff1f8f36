/** Recurrent layers and TFLite's SVDF. */
import { flagAttribute, numberAttribute, stringAttribute } from "../node.js";
import { formatShape } from "../shape.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/**
 * ONNX: X is [time, batch, in], or [batch, time, in] with `layout` = 1; R is [directions, gates × H, H].
 * Outputs: every state, the last state, and for LSTM the last cell.
 */
const recurrent: InferenceRule = (call) => {
  const input = call.shape(0);
  if (input.length !== 3) throw call.refuse(`its input is ${formatShape(input)}, expected rank 3`);
  const recurrence = call.shape(2);
  const hidden = recurrence[2]!;
  const directions = stringAttribute(call.node, "direction", "forward") === "bidirectional" ? 2 : 1;
  if (recurrence[0] !== directions) {
    throw call.refuse(`its recurrence weights have ${recurrence[0]} directions, expected ${directions}`);
  }
  const dtype = call.dtype(0);
  const batchFirst = numberAttribute(call.node, "layout", 0) === 1;
  const [time, batch] = batchFirst ? [input[1]!, input[0]!] : [input[0]!, input[1]!];
  const every = batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden];
  const last = { dtype, shape: batchFirst ? [batch, directions, hidden] : [directions, batch, hidden] };
  return [{ dtype, shape: every }, last, last];
};

/**
 * TFLite's sequence LSTM: input 8 are the recurrent weights of the output gate, [cells, outputs]. The
 * sequence keeps its shape but for the last axis.
 * Source: tensorflow/lite/kernels/unidirectional_sequence_lstm.cc, kRecurrentToOutputWeightsTensor.
 */
const sequenceLstm: InferenceRule = (call) => {
  const weights = call.shape(8);
  return [{ dtype: call.dtype(0), shape: [...call.shape(0).slice(0, -1), weights[1]!] }];
};

/** TFLite's full LSTM, one step; the basic kernel (5 inputs) keeps what the file records. */
const lstm: InferenceRule = (call) =>
  call.node.source.format === "tflite" ? sequenceLstm(call) : recurrent(call);

/** TFLite's RNN over a sequence: input 1 are the weights, [units, in]. */
const sequenceRnn: InferenceRule = (call) => [
  { dtype: call.dtype(0), shape: [...call.shape(0).slice(0, -1), call.shape(1)[0]!] },
];

const rnn: InferenceRule = (call) =>
  call.node.source.format === "tflite" ? sequenceRnn(call) : recurrent(call);

/** Weights are [units × rank, in]: `rank` filters make one unit. Source: tensorflow/lite/kernels/svdf.cc. */
const svdf: InferenceRule = (call) => {
  const units = call.shape(1)[0]! / numberAttribute(call.node, "rank");
  if (!Number.isInteger(units)) throw call.refuse("its filters are no multiple of its rank");
  return [{ dtype: call.dtype(0), shape: [call.shape(0)[0]!, units] }];
};

/** Merged directions stand side by side along the last axis. */
function mergesOnly(call: InferenceCall, rule: InferenceRule): ReturnType<InferenceRule> {
  const [forward] = rule(call);
  if (!forward) return [];
  if (!flagAttribute(call.node, "mergeOutputs", false)) return [forward, forward];
  const { shape } = forward;
  return [{ ...forward, shape: [...shape.slice(0, -1), 2 * shape[shape.length - 1]!] }];
}

export const RECURRENT_RULES: InferenceRules = {
  BIDIRECTIONAL_SEQUENCE_LSTM: (call) => mergesOnly(call, sequenceLstm),
  GRU: recurrent,
  LSTM: lstm,
  RNN: rnn,
  SVDF: svdf,
  UNIDIRECTIONAL_SEQUENCE_LSTM: sequenceLstm,
  UNIDIRECTIONAL_SEQUENCE_RNN: sequenceRnn,
};
