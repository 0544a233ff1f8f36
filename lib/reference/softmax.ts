/**
 * Softmax of 8-bit values along the last axis: by fixed-point arithmetic alone, as LiteRT's reference kernel has
 * it, or by a table of float exponentials, as its optimised kernel has it.
 *
 * Fixed point Qm.n is an int32 with n bits behind the point. Differences to the largest value are Q5.26,
 * exponentials and the reciprocal Q0.31, their sum Q12.19. "One" in Q0.31 is 2³¹ − 1.
 * Sources: gemmlowp fixedpoint.h (exp_on_negative_values, one_over_one_plus_x_for_x_in_0_1);
 * LiteRT internal/reference/softmax.h, internal/quantization_util.cc, internal/optimized/optimized_ops.h.
 */
import { numberAttribute } from "../graph/node.js";
import { highProduct, quantizeMultiplier, roundAway, roundingShift } from "./fixed-point.js";
import { type Kernel, type KernelCall, type Kernels, typeRange, type Values } from "./kernel.js";

const ONE = 2 ** 31 - 1;
const LOWEST = -(2 ** 31);

function saturate(value: number): number {
  return Math.max(LOWEST, Math.min(ONE, value));
}

/** exp(−1/8) and 1/3 in Q0.31. */
const EXP_EIGHTH = 1895147668;
const THIRD = 715827883;

/** Returns exp of −¼ ≤ a < 0 in Q0.31: a Taylor series of four terms around −1/8. */
function expNear(a: number): number {
  const x = a + 2 ** 28;
  const x2 = highProduct(x, x);
  const x3 = highProduct(x2, x);
  const x4 = highProduct(x2, x2);
  const cubic = highProduct(roundingShift(x4, 2) + x3, THIRD);
  const rest = roundingShift(cubic + x2, 1);
  return EXP_EIGHTH + highProduct(x + rest, EXP_EIGHTH);
}

/** exp(−2^k) in Q0.31 for k = −2 … 4. */
const EXP_POWERS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242] as const;

/** Returns exp(a) in Q0.31 for a ≤ 0 in Q5.26: the part below ¼ by the series, the rest bit by bit. */
export function expNegative(a: number): number {
  if (a === 0) return ONE;
  const quarter = 2 ** 24;
  const part = (a & (quarter - 1)) - quarter;
  let result = expNear(part * 32);
  const remainder = part - a;
  for (const [index, power] of EXP_POWERS.entries()) {
    if (Math.floor(remainder / 2 ** (24 + index)) % 2 === 1) result = highProduct(result, power);
  }
  return result;
}

/** 48/17 and −32/17 in Q2.29. */
const FIRST_GUESS = 1515870810;
const SLOPE = -1010580540;

/** Returns 1 / (1 + a) in Q0.31 for a from 0 to 1: three steps of Newton on half of the denominator. */
export function reciprocalOfOnePlus(a: number): number {
  const half = Math.floor((a + ONE + 1) / 2);
  let x = FIRST_GUESS + highProduct(SLOPE, half);
  for (let step = 0; step < 3; step++) {
    const rest = 2 ** 29 - highProduct(half, x);
    x += saturate(highProduct(x, rest) * 4);
  }
  return saturate(x * 2);
}

function rowsOf(call: KernelCall): number {
  const { node } = call;
  const shape = node.input(0).staticShape();
  const axis = numberAttribute(node, "axis", -1);
  if (axis !== -1 && axis !== shape.length - 1)
    throw call.refuse(`it runs along axis ${axis}, expected the last`);
  return shape.at(-1) ?? 1;
}

function largest(x: Values, from: number, depth: number): number {
  let most = x[from]!;
  for (let at = from + 1; at < from + depth; at++) if (x[at]! > most) most = x[at]!;
  return most;
}

/** The integer bits of a difference to the largest value. */
const DIFFERENCE_BITS = 5;

function byFixedPoint(call: KernelCall): (x: Values, result: Values, from: number, depth: number) => void {
  const { scale } = call.step(call.node.input(0));
  const beta = numberAttribute(call.node, "beta", 1);
  const { factor, shift } = quantizeMultiplier(
    Math.min(beta * scale * 2 ** (31 - DIFFERENCE_BITS), 2 ** 30 - 1),
  );
  const lowest = -Math.floor(((2 ** DIFFERENCE_BITS - 1) * 2 ** (31 - DIFFERENCE_BITS)) / 2 ** shift);
  const { low, high } = typeRange(call.node.output().dtype);
  const bits = high - low === 255 ? 8 : 16;
  return (x, result, from, depth) => {
    const most = largest(x, from, depth);
    const exponentials = new Int32Array(depth);
    let sum = 0;
    for (let c = 0; c < depth; c++) {
      const difference = x[from + c]! - most;
      if (difference < lowest) continue;
      exponentials[c] = expNegative(highProduct(difference * 2 ** shift, factor));
      sum += roundingShift(exponentials[c]!, 12);
    }
    const headroom = Math.clz32(sum);
    const reciprocal = reciprocalOfOnePlus(sum * 2 ** headroom - 2 ** 31);
    const exponent = 12 - headroom + 31 - bits;
    for (let c = 0; c < depth; c++) {
      const value = roundingShift(highProduct(exponentials[c]!, reciprocal), exponent) + low;
      result[from + c] = x[from + c]! - most < lowest ? low : Math.max(low, Math.min(high, value));
    }
  };
}

function byTable(call: KernelCall): (x: Values, result: Values, from: number, depth: number) => void {
  const { scale } = call.step(call.node.input(0));
  const output = call.anyStep(call.node.output());
  const factor = Math.fround(-scale * numberAttribute(call.node, "beta", 1));
  const table = Float32Array.from({ length: 256 }, (_, index) => Math.exp(Math.fround(factor * index)));
  const { low, high } = typeRange(call.node.output().dtype);
  return (x, result, from, depth) => {
    const most = largest(x, from, depth);
    let sum = 0;
    for (let c = 0; c < depth; c++) sum = Math.fround(sum + table[most - x[from + c]!]!);
    const inverse = Math.fround(1 / Math.fround(sum * output.scale));
    for (let c = 0; c < depth; c++) {
      const share = Math.fround(table[most - x[from + c]!]! * inverse);
      result[from + c] = Math.max(low, Math.min(high, roundAway(share) + output.zero));
    }
  };
}

const softmax: Kernel = (call) => {
  const depth = rowsOf(call);
  const row = call.numerics.softmax === "table" ? byTable(call) : byFixedPoint(call);
  return ([x]) => {
    const result = call.empty();
    for (let from = 0; from < result.length; from += depth) row(x!, result, from, depth);
    return [result];
  };
};

export const SOFTMAX_KERNELS: Kernels = { Softmax: softmax };
