/** The numbers that a layer's scale and bias vectors are made of, read from its tensors. */
import { DTYPES } from "../../../graph/dtype.js";
import { tensorNumbers } from "../../../graph/elements.js";
import type { LayerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { kernelValues } from "./kernel-values.js";
import { signedZeroPoint } from "./layer.js";

/** How a layer's accumulator becomes its output. Scales are float32 values. */
export interface Requantization {
  readonly inputScale: number;
  /** One per output channel, or a single one for all. */
  readonly weightScales: readonly number[];
  readonly outputScale: number;
  /** As a signed 8-bit value. */
  readonly outputZeroPoint: number;
  /** Real values, one per output channel. */
  readonly biases: readonly number[];
  /** Sums of |weight| per output channel. */
  readonly absoluteSums: readonly number[];
  /** Sums of weights, signs kept, per output channel. */
  readonly signedSums: readonly number[];
}

/** Returns the real values of a bias, as the float32 numbers that the vendor's front end hands on. */
export function realBiases(bias: Tensor | null, channels: number): number[] | null {
  if (bias === null) return Array.from({ length: channels }, () => 0);
  if (bias.data === null || bias.size !== channels) return null;
  const values = tensorNumbers(bias);
  if (DTYPES[bias.dtype].kind === "float") return Array.from(values);
  const scales = bias.quantization?.scale;
  if (!scales || (scales.length !== 1 && scales.length !== channels)) return null;
  return Array.from(values, (value, channel) =>
    Math.fround(value * Math.fround(scales[scales.length === 1 ? 0 : channel]!)),
  );
}

function channelSums(values: Int8Array, channels: number) {
  const each = values.length / channels;
  const absoluteSums = Array.from({ length: channels }, () => 0);
  const signedSums = Array.from({ length: channels }, () => 0);
  for (let channel = 0, index = 0; channel < channels; channel++) {
    let [absolute, signed] = [0, 0];
    for (const end = index + each; index < end; index++) {
      const value = values[index]!;
      signed += value;
      absolute += value < 0 ? -value : value;
    }
    absoluteSums[channel] = absolute;
    signedSums[channel] = signed;
  }
  return { absoluteSums, signedSums };
}

/**
 * Returns the numbers of a quantised layer with an 8-bit output; null where one of its tensors has no scale. The
 * kernel must be one that `kernelValues` can read; throws a LabError like it.
 */
export function requantization(node: Node, geometry: LayerGeometry): Requantization | null {
  const output = node.output();
  const inputScale = node.input(0).quantization?.scale[0];
  const outputScale = output.quantization?.scale[0];
  const outputZeroPoint = signedZeroPoint(output);
  const weightScales = geometry.weights.quantization?.scale;
  const biases = realBiases(geometry.bias, geometry.outputChannels);
  if (inputScale === undefined || outputScale === undefined || !weightScales || !biases) return null;
  if (outputZeroPoint === null || DTYPES[output.dtype].bits !== 8) return null;
  return {
    inputScale: Math.fround(inputScale),
    outputScale: Math.fround(outputScale),
    weightScales: weightScales.map(Math.fround),
    outputZeroPoint,
    biases,
    ...channelSums(kernelValues(node, geometry), geometry.outputChannels),
  };
}
