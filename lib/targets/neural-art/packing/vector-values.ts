/**
 * The values of scale and bias vectors where no epoch controller holds them, from the scales of the graph.
 *
 * A layer computes, per output channel, q = clip((sum(w x) S + B) >> n): its accumulator in steps of s_in s_w,
 * brought into steps of s_out. Tools 2.0 to 2.2 store
 *
 *   S = s_in s_w 2^m           int16, m as large as the largest channel allows; 1/s_out is a scalar of the unit
 *   B = (bias / s_out + z_out) 2^n    int32, n = 20 unless the largest channel needs more room
 *
 * Two channels with s_in s_w = 0.0003 and 0.0001:  m = 26, for 0.0003 x 2^26 = 20,133 is below 2^15 and twice
 * as much is not: S = [20133, 6711]. With s_out = 0.02, z_out = -128, biases 0.5 and -1: 0.5/0.02 - 128 = -103
 * and -178: B = [-103 x 2^20, -178 x 2^20].
 */
import { VECTOR_VALUES } from "../facts-packing.js";

/** The numbers of a layer that its vectors are made of. Scales are float32 values. */
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
  readonly weightSums: readonly number[];
}

/** Returns the least k with value <= 2^k. */
function bitsAbove(value: number): number {
  const bits = Math.ceil(Math.log2(value));
  // log2 rounds: settle the neighbours exactly.
  if (2 ** (bits - 1) >= value) return bits - 1;
  return 2 ** bits >= value ? bits : bits + 1;
}

/** Returns the greatest k with 2^k <= value. */
function bitsBelow(value: number): number {
  const above = bitsAbove(value);
  return 2 ** above === value ? above : above - 1;
}

/** Whether all that a channel's inputs can do to its output is less than one step. */
function isDead(layer: Requantization, channel: number, scale: number): boolean {
  const span = VECTOR_VALUES.inputSteps.value * layer.weightSums[channel]! * scale;
  return span / layer.outputScale < VECTOR_VALUES.deadSpan.value;
}

/**
 * Returns the scale vector. With `dropDead`, channels that cannot move their output by one step get 0, as tools
 * 2.0 and 2.1 have it.
 */
export function scaleVector(layer: Requantization, { dropDead }: { readonly dropDead: boolean }): Int16Array {
  const { inputScale, weightScales, biases } = layer;
  const scales = biases.map((_, channel) =>
    Math.fround(inputScale * weightScales[weightScales.length === 1 ? 0 : channel]!),
  );
  const shift = VECTOR_VALUES.scaleBits.value - 1 - bitsBelow(Math.max(...scales));
  return Int16Array.from(scales, (scale, channel) =>
    dropDead && isDead(layer, channel, scale) ? 0 : Math.floor(scale * 2 ** shift + 0.5),
  );
}

/**
 * Returns the bias vector. Values are rounded to the finest fixed point that holds them all in 32 bits and then
 * cut, not rounded, to the one that the unit reads.
 */
export function biasVector({ biases, outputScale, outputZeroPoint }: Requantization): Int32Array {
  const inSteps = biases.map((bias) => bias / outputScale);
  const largest = Math.max(...inSteps.map((value) => Math.abs(value + outputZeroPoint)));
  const finest = VECTOR_VALUES.biasBits.value - (largest > 0 ? bitsAbove(largest) : 0);
  const used = Math.min(VECTOR_VALUES.biasFraction.value, finest - VECTOR_VALUES.biasHeadroom.value);
  return Int32Array.from(inSteps, (value) => {
    const fine = Math.round(value * 2 ** finest) + outputZeroPoint * 2 ** finest;
    return Math.floor(fine / 2 ** (finest - used));
  });
}
