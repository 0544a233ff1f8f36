/**
 * The values of scale and bias vectors where no epoch controller holds them, from the scales of the graph.
 *
 * A layer computes, per output channel, q = clip((a S + B) >> n) of its accumulator a = sum(w x), which counts in
 * steps of s_in s_w; outputs count in steps of s_out. Tools 2.0 to 2.2 store
 *
 *   S = s_in s_w 2^m           int16, m as large as the largest channel allows; 1/s_out is a scalar of the unit
 *   B = (bias / s_out + z_out) 2^n    int32, n = 20 unless the largest channel needs more room
 *
 * Two channels with s_in s_w = 0.0003 and 0.0001:  m = 26, for 0.0003 x 2^26 = 20,133 is below 2^15 and twice
 * as much is not: S = [20133, 6711]. With s_out = 0.02, z_out = -128, biases 0.5 and -1: 0.5/0.02 - 128 = -103
 * and -178: B = [-103 x 2^20, -178 x 2^20].
 *
 * From 3.0 on the scalar is gone and the unit sees the accumulator as 16 bits, a >> k:
 *
 *   S = s_in s_w / s_out 2^(k+n)      int16, n as large as the largest channel allows
 *   B = (bias / s_out + z_out) 2^n    int32, the same n
 *
 * k is 0 unless some channel's weights add up to more than 128: 256 times the sum must fit 16 bits. The same two
 * channels with sums of 300 and -90:  256 x 300 = 76,800 <= 2^17, so k = 2; 0.0003 / 0.02 x 4 = 0.06 and
 * 0.06 x 2^19 = 31,457: n = 19, S = [31457, 10486], B = [-103 x 2^19, -178 x 2^19].
 */
import { VECTOR_VALUES } from "../facts-packing.js";
import type { ToolVersion } from "../records.js";
import { bitsAbove, bitsBelow } from "./power-of-two.js";
import type { Requantization } from "./requantization.js";

const INT16_MAX = 2 ** 15 - 1;

export interface VectorValues {
  /** One 16-bit value per output channel. */
  readonly scale: Int16Array;
  /** Bias and output zero point, one per output channel. */
  readonly bias: Int32Array;
}

/** Returns s_in s_w per output channel, as float32 values. */
function accumulatorSteps({ inputScale, weightScales, biases }: Requantization): readonly number[] {
  return biases.map((_, channel) =>
    Math.fround(inputScale * weightScales[weightScales.length === 1 ? 0 : channel]!),
  );
}

/** Returns the fraction bits that leave the largest of some positive numbers `bits` bits, sign not counted. */
function fractionBits(values: readonly number[], bits: number): number {
  return bits - 1 - bitsBelow(Math.max(...values));
}

/** Returns a positive number in 16-bit fixed point; what rounds up to the 17th bit stays the largest. */
function fixed(value: number, fraction: number): number {
  return Math.min(Math.floor(value * 2 ** fraction + 0.5), INT16_MAX);
}

/** Returns, as real numbers, what is added to a channel's outputs: bias and zero point, in steps of the output. */
function offsets({ biases, outputScale, outputZeroPoint }: Requantization): readonly number[] {
  return biases.map((bias) => bias / outputScale + outputZeroPoint);
}

/** Returns the fraction bits at which all offsets just fit `bits` bits, sign not counted. */
function finestFraction(layer: Requantization, bits: number): number {
  const largest = Math.max(...offsets(layer).map(Math.abs));
  return bits - (largest > 0 ? bitsAbove(largest) : 0);
}

/** Values are rounded to the finest fixed point that holds them all and then cut, not rounded, to the one used. */
function biasAt(layer: Requantization, finest: number, used: number): readonly number[] {
  const { biases, outputScale, outputZeroPoint } = layer;
  return biases.map((bias) => {
    const fine = Math.round((bias / outputScale) * 2 ** finest) + outputZeroPoint * 2 ** finest;
    return Math.floor(fine / 2 ** (finest - used));
  });
}

/** Whether all that a channel's inputs can do to its output is less than one step. */
function isDead(layer: Requantization, channel: number, step: number): boolean {
  const span = VECTOR_VALUES.inputSteps.value * layer.absoluteSums[channel]! * step;
  return span / layer.outputScale < VECTOR_VALUES.deadSpan.value;
}

/** Vectors of tools 2.0 to 2.2. */
function early(layer: Requantization, tool: ToolVersion): VectorValues {
  const steps = accumulatorSteps(layer);
  const shift = fractionBits(steps, VECTOR_VALUES.scaleBits.value);
  // Tools 2.0 and 2.1 store 0 for channels that cannot move their output by one step.
  const dropDead = tool !== "2.2";
  const scale = Int16Array.from(steps, (step, channel) =>
    dropDead && isDead(layer, channel, step) ? 0 : fixed(step, shift),
  );
  const finest = finestFraction(layer, VECTOR_VALUES.biasBits.value);
  const used = Math.min(VECTOR_VALUES.biasFraction.value, finest - VECTOR_VALUES.biasHeadroom.value);
  return { scale, bias: Int32Array.from(biasAt(layer, finest, used)) };
}

/** Returns the bits that 3.0 and later cut off the accumulator, so that the rest fits 16 bits. */
export function accumulatorShift({ signedSums }: Pick<Requantization, "signedSums">): number {
  const largest = Math.max(0, ...signedSums.map(Math.abs));
  const needed = bitsAbove(largest * VECTOR_VALUES.inputRange.value);
  return Math.max(0, needed - VECTOR_VALUES.accumulatorBits.value);
}

/** Vectors of tools 3.0 and 4.0. */
function late(layer: Requantization): VectorValues {
  const shift = accumulatorShift(layer);
  const ratios = accumulatorSteps(layer).map((step) => Math.fround(step / layer.outputScale) * 2 ** shift);
  const finest = finestFraction(layer, VECTOR_VALUES.biasBits.value);
  const fraction = Math.min(
    fractionBits(ratios, VECTOR_VALUES.scaleBits.value),
    finest - VECTOR_VALUES.biasHeadroom.value,
  );
  return {
    scale: Int16Array.from(ratios, (ratio) => fixed(ratio, fraction)),
    bias: Int32Array.from(biasAt(layer, finest, fraction)),
  };
}

/** Returns the vectors of a layer with up to 512 output channels, as a tool version stores them. */
export function vectorValues(layer: Requantization, tool: ToolVersion): VectorValues {
  return tool === "3.0" || tool === "4.0" ? late(layer) : early(layer, tool);
}

/**
 * Returns the 16-bit bias of a layer of more than 512 output channels: at the finest fixed point that holds all
 * channels. No image shows one, so this is the plainest reading of its size.
 */
export function narrowBias(layer: Requantization): Int16Array {
  const finest = finestFraction(layer, VECTOR_VALUES.scaleBits.value);
  return Int16Array.from(biasAt(layer, finest, finest), (value) => Math.min(value, INT16_MAX));
}
