/**
 * Ranges of activations, without data. Batch normalisation leaves each pre-activation z about Gaussian with
 * variance 1, so ranges follow from its standard deviation σ alone:
 *
 *   relu6         [0, 6]                   zero point −128, the cap is reached on any real data
 *   relu          [0, r·σ]                 zero point −128
 *   none          [−r₁·σ, r₂·σ]            zero point near 0, seldom 0: each end is drawn on its own
 *   softmax       [0, 1)                   scale 1/256, zero point −128 (fixed by TFLite's quantisation spec)
 *   pool, mean, pad, reshape               range of the input
 *
 * r is drawn per tensor, by name, from REACH. What follows the layer needs the power E[x²] of what leaves it:
 * a rectifier halves it, a sum of two adds theirs, averaging a rectified tensor over the whole map leaves its
 * squared mean, power / π (half-normal). Weights are scaled by the power of their input (seeded-weights.ts),
 * which brings σ back to 1 at each layer.
 */
import type { Quantization } from "../graph/tensor.js";
import type { RandomStream } from "./random-stream.js";

/** Reals that a tensor can hold. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What later ranges follow from. */
export interface Moments {
  /** E[x²]. */
  readonly power: number;
  /** No value is below zero. */
  readonly rectified: boolean;
}

export type Activation = "none" | "relu" | "relu6";

/** Expected largest of 10^4 … 10^7 Gaussian draws: what a calibration set of a few images shows. */
const REACH = { low: 3.85, high: 5.35 } as const;

/** Returns the range of a layer's output whose pre-activation has standard deviation `sigma`. */
export function activationRange(sigma: number, activation: Activation, random: RandomStream): Range {
  if (activation === "relu6") return { low: 0, high: 6 };
  const high = sigma * random.between(REACH.low, REACH.high);
  if (activation === "relu") return { low: 0, high };
  return { low: -sigma * random.between(REACH.low, REACH.high), high };
}

/** Returns the moments of values spread evenly over a range: how inputs are taken to be. */
export function evenMoments({ low, high }: Range): Moments {
  return { power: (low * low + low * high + high * high) / 3, rectified: low >= 0 };
}

/** Returns what an activation makes of a pre-activation; relu6 cuts off next to nothing at variance 1. */
export function activatedMoments(power: number, activation: Activation): Moments {
  return activation === "none" ? { power, rectified: false } : { power: power / 2, rectified: true };
}

/** Returns the moments after averaging `count` positions: noise about zero fades with them, a mean stays. */
export function averagedMoments({ power, rectified }: Moments, count: number): Moments {
  const mean = rectified ? power / Math.PI : 0;
  return { power: mean + (power - mean) / count, rectified };
}

function roundHalfAway(value: number): number {
  // "+ 0" turns −0 into 0.
  return (value < 0 ? -Math.round(-value) : Math.round(value)) + 0;
}

/**
 * Returns the int8 quantisation of a range the way TFLite's converter chooses it: 255 steps, zero an exact
 * step, scale stored as float32. [−1, 1] gives scale 2/255 and zero point −1.
 */
export function int8Quantization({ low, high }: Range): Quantization {
  const scale = (high - low) / 255;
  const zeroPoint = Math.max(-128, Math.min(127, roundHalfAway(-128 - low / scale)));
  return { scale: [Math.fround(scale)], zeroPoint: [zeroPoint], axis: null };
}

/** Returns the same reals as `quantization`, stored as uint8. */
export function asUint8(quantization: Quantization): Quantization {
  return { ...quantization, zeroPoint: quantization.zeroPoint.map((zeroPoint) => zeroPoint + 128) };
}

/** TFLite 8-bit quantisation specification, operator SOFTMAX: output scale 1/256, zero point −128. */
export const SOFTMAX_QUANTIZATION: Quantization = { scale: [1 / 256], zeroPoint: [-128], axis: null };
