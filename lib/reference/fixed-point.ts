/**
 * Real factors as integers: a multiplier of 31 bits and a shift, so that a rescaling is one wide product and
 * one rounded shift. 0.3 is 0.6 × 2⁻¹, stored as round(0.6 × 2³¹) = 1 288 490 189 with shift −1. Applied to 5:
 *
 *     double   5 × 1288490189 / 2³¹ = 3.0 → 3,  3 / 2 = 1.5 → 2     two roundings, the second away from zero
 *     single   5 × 1288490189 / 2³² = 1.5000000003 → 2              one rounding, halves up
 *
 * They part where the first rounding leaves a half: −12 × 0.125 = −1.5 is −2 (double) and −1 (single).
 * Sources: gemmlowp fixedpoint.h (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT);
 * LiteRT kernels/internal/common.h (MultiplyByQuantizedMultiplier, with TFLITE_SINGLE_ROUNDING and without).
 */
import { LabError } from "../errors.js";

export interface Multiplier {
  /** 0, or from 2³⁰ up to 2³¹ − 1. */
  readonly factor: number;
  /** Powers of two to the left; negative to the right. */
  readonly shift: number;
}

/** "exact" rounds the real product, halves away from zero: what the fixed-point ways come near to. */
export type Rounding = "double" | "single" | "exact";

const MOST = 2 ** 31 - 1;

/** Returns the nearest whole number, halves away from zero, as C's round does. */
export function roundAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
}

/** Returns a factor of 0 or more as multiplier and shift; factors below 2⁻³² are 0, as TFLite has it. */
export function quantizeMultiplier(real: number): Multiplier {
  if (!(real >= 0 && real < 2 ** 30)) {
    throw new LabError({
      code: "MULTIPLIER",
      message: `Cannot rescale by ${real}: it is out of range, expected a factor from 0 to 2^30`,
    });
  }
  if (real === 0) return { factor: 0, shift: 0 };
  let shift = Math.floor(Math.log2(real)) + 1;
  // The logarithm may be off by one beside a power of two.
  if (real >= 2 ** shift) shift += 1;
  if (real < 2 ** (shift - 1)) shift -= 1;
  let factor = roundAway((real / 2 ** shift) * 2 ** 31);
  if (factor > MOST) {
    factor /= 2;
    shift += 1;
  }
  return shift < -31 ? { factor: 0, shift: 0 } : { factor, shift };
}

/**
 * Returns floor((a × b + 2³⁰) / 2³¹) for an int32 `a` and a `b` of 31 bits: the upper half of the doubled
 * product, halves up. Exact: the halves of `b` are multiplied apart, as 62 bits do not fit into a double.
 */
export function highProduct(a: number, b: number): number {
  const upper = a * (b >> 16);
  const lower = a * (b & 0xffff) + 2 ** 30;
  return Math.floor((upper + Math.floor(lower / 65536)) / 32768);
}

/** Returns value / 2^exponent, halves away from zero; the exponent is 0 to 31. */
export function roundingShift(value: number, exponent: number): number {
  const divisor = 2 ** exponent;
  return value < 0
    ? -Math.floor((divisor / 2 - value) / divisor)
    : Math.floor((value + divisor / 2) / divisor);
}

/** Returns value × multiplier, rounded to the upper 32 bits and then again by the shift. */
export function scaleTwice(value: number, factor: number, shift: number): number {
  if (shift >= 0) return highProduct(value * 2 ** shift, factor);
  return roundingShift(highProduct(value, factor), -shift);
}

/** Returns value × multiplier, rounded once. */
export function scaleOnce(value: number, factor: number, shift: number): number {
  // Beyond 2³¹ / 2¹⁴ nothing of a product is rounded off that its lower 16 bits could change.
  const total = 31 - shift;
  if (total < 17)
    return Number((BigInt(value) * BigInt(factor) + (1n << BigInt(total - 1))) >> BigInt(total));
  const upper = value * (factor >> 16) + 2 ** (total - 17);
  return Math.floor((upper + Math.floor((value * (factor & 0xffff)) / 65536)) / 2 ** (total - 16));
}

export type Scale = (value: number, factor: number, shift: number) => number;

/** Returns value × multiplier in float64, rounded once, halves away from zero. */
export function scaleExactly(value: number, factor: number, shift: number): number {
  return roundAway(value * factor * 2 ** (shift - 31));
}

const SCALES: Readonly<Record<Rounding, Scale>> = {
  double: scaleTwice,
  single: scaleOnce,
  exact: scaleExactly,
};

/** Returns the function that applies multipliers in one of the ways. */
export function scaling(rounding: Rounding): Scale {
  return SCALES[rounding];
}
