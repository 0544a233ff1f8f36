import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  highProduct,
  quantizeMultiplier,
  roundAway,
  roundingShift,
  scaleOnce,
  scaleTwice,
} from "../../lib/reference/fixed-point.js";

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const factors = fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 });

/** The definitions, word for word, in integers of any size. */
const high = (a: bigint, b: bigint) => (a * b + (a * b >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
const divide = (value: bigint, exponent: bigint) => {
  const mask = (1n << exponent) - 1n;
  const threshold = (mask >> 1n) + (value < 0n ? 1n : 0n);
  return (value >> exponent) + ((value & mask) > threshold ? 1n : 0n);
};

describe("quantizeMultiplier()", () => {
  it("gives the worked example", () => {
    const multiplier = quantizeMultiplier(0.3);
    expect(multiplier).toEqual({ factor: 1_288_490_189, shift: -1 });
    const { factor, shift } = multiplier;
    expect([5, -5].map((value) => scaleTwice(value, factor, shift))).toEqual([2, -2]);
    expect([5, -5].map((value) => scaleOnce(value, factor, shift))).toEqual([2, -2]);
    const eighth = quantizeMultiplier(0.125);
    expect(scaleTwice(-12, eighth.factor, eighth.shift)).toBe(-2);
    expect(scaleOnce(-12, eighth.factor, eighth.shift)).toBe(-1);
  });

  it("knows powers of two, what is beside them, and what is too small", () => {
    expect(quantizeMultiplier(1)).toEqual({ factor: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(1 - 2 ** -40)).toEqual({ factor: 2 ** 30, shift: 1 });
    expect(quantizeMultiplier(1 - 2 ** -30)).toEqual({ factor: 2 ** 31 - 2, shift: 0 });
    expect(quantizeMultiplier(0)).toEqual({ factor: 0, shift: 0 });
    expect(quantizeMultiplier(2 ** -33)).toEqual({ factor: 0, shift: 0 });
    expect(() => quantizeMultiplier(-1)).toThrow("expected a factor from 0 to 2^30");
    expect(() => quantizeMultiplier(Number.NaN)).toThrow("Cannot rescale by NaN");
  });

  it("is within half a part in 2^30 of the factor", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-8, max: 1000, noNaN: true }), (real) => {
        const { factor, shift } = quantizeMultiplier(real);
        expect(Math.abs((factor / 2 ** 31) * 2 ** shift - real) / real).toBeLessThanOrEqual(2 ** -31);
      }),
    );
  });
});

describe("fixed-point products", () => {
  it("highProduct() is the definition for all of int32", () => {
    fc.assert(
      fc.property(int32, factors, (a, b) => {
        expect(highProduct(a, b)).toBe(Number(high(BigInt(a), BigInt(b))) + 0);
      }),
    );
  });

  it("roundingShift() is the definition for all of int32", () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 31 }), (value, exponent) => {
        expect(roundingShift(value, exponent) + 0).toBe(Number(divide(BigInt(value), BigInt(exponent))));
      }),
    );
  });

  it("scaleTwice() and scaleOnce() are the definitions, shifts left and right", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
        factors,
        fc.integer({ min: -31, max: 10 }),
        (value, factor, shift) => {
          const [left, right] = [BigInt(Math.max(0, shift)), BigInt(Math.max(0, -shift))];
          const twice = divide(high(BigInt(value) << left, BigInt(factor)), right);
          expect(scaleTwice(value, factor, shift) + 0).toBe(Number(twice));
          const total = BigInt(31 - shift);
          const once = (BigInt(value) * BigInt(factor) + (1n << (total - 1n))) >> total;
          expect(scaleOnce(value, factor, shift) + 0).toBe(Number(once));
        },
      ),
    );
    expect(scaleOnce(3, 2 ** 30, 20)).toBe(3 * 2 ** 19);
  });

  it("roundAway() takes halves away from zero", () => {
    expect([2.5, -2.5, 2.4, -2.6].map(roundAway)).toEqual([3, -3, 2, -3]);
  });
});
