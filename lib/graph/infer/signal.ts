/** Signal processing: Fourier transforms, windows and mel filters of audio front ends. */
import { flagAttribute, numberAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import { typeAttribute } from "./creating.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

/** A real signal has a spectrum that mirrors itself: one side of `length` bins is enough. */
function bins(length: number, oneSided: boolean): number {
  return oneSided ? Math.floor(length / 2) + 1 : length;
}

/** Inputs: signal [..., 1 or 2], length, axis; the last axis of the result is [real, imaginary]. */
const dft: InferenceRule = (call) => {
  const shape = call.shape(0);
  const { node } = call;
  // Opset 17 has the axis as an attribute.
  const axis = call.axis(call.has(2) ? call.value(2) : numberAttribute(node, "axis", -2), shape.length);
  if (axis === shape.length - 1) throw call.refuse("its axis is the last, which holds the complex parts");
  const oneSided = flagAttribute(node, "onesided", false);
  if (oneSided && flagAttribute(node, "inverse", false)) {
    throw call.refuse("it is inverse and one-sided, which ONNX excludes");
  }
  const length = bins(call.has(1) ? call.value(1) : shape[axis]!, oneSided);
  const spectrum: StaticShape = shape.map((size, index) => (index === axis ? length : size));
  return [{ dtype: call.dtype(0), shape: [...spectrum.slice(0, -1), 2] }];
};

/** Inputs: signal [batch, samples, 1 or 2], step, window, frame length; one spectrum per whole frame. */
const stft: InferenceRule = (call) => {
  const [batch, samples] = call.shape(0);
  if (batch === undefined || samples === undefined) {
    throw call.refuse(`its signal is ${formatShape(call.shape(0))}, expected rank 3`);
  }
  const step = call.value(1);
  if (!call.has(3) && !call.has(2)) throw call.refuse("it has neither a window nor a frame length");
  const length = call.has(3) ? call.value(3) : call.shape(2)[0]!;
  if (length > samples) throw call.refuse(`a frame of ${length} is longer than the signal of ${samples}`);
  const frames = Math.floor((samples - length) / step) + 1;
  const oneSided = flagAttribute(call.node, "onesided", true);
  return [{ dtype: call.dtype(0), shape: [batch, frames, bins(length, oneSided), 2] }];
};

/** Inputs: mel bins, DFT length, sample rate, lower and upper edge. */
const melWeightMatrix: InferenceRule = (call) => [
  { dtype: outputType(call), shape: [bins(call.value(1), true), call.value(0)] },
];

const window: InferenceRule = (call) => [{ dtype: outputType(call), shape: [call.value(0)] }];

function outputType(call: InferenceCall) {
  return typeAttribute(call, "outputDatatype") ?? "float32";
}

export const SIGNAL_RULES: InferenceRules = {
  BlackmanWindow: window,
  DFT: dft,
  HammingWindow: window,
  HannWindow: window,
  MelWeightMatrix: melWeightMatrix,
  STFT: stft,
};
