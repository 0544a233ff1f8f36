/**
 * The 16-bit FFT of KISS FFT, stage by stage, as tensors: every rounding and every wrap as in the integer code.
 * Source: mborgerding/kissfft, kiss_fft.c, kiss_fftr.c and _kiss_fft_guts.h with FIXED_POINT = 16, which
 * tflite-micro's signal/src/rfft_int16.cc calls.
 *
 * A list of N = 4 × 4 numbers, decimated in time: reading order is digits reversed, then one stage per factor,
 * innermost first. A stage sees [groups, factor, width]:
 *
 *     x[4b + a] ─▶ Reshape [b, a] ─▶ Transpose [a, b] ─▶ stage [4, 4, 1] ─▶ stage [1, 4, 4] ─▶ X
 */
import type { Tensor } from "../../../graph/tensor.js";
import type { Exact } from "./exact.js";
import type { Rewrite } from "./rewrite.js";

interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/** The largest sample and the bits behind the point. Source: _kiss_fft_guts.h, SAMP_MAX and FRACBITS. */
const SAMPLE_MAX = 32767;
const FRACTION_BITS = 15;

/** Returns a length as factors of 4 and 2 in the order in which KISS FFT takes them out; null with others. */
export function fftFactors(length: number): readonly number[] | null {
  const factors: number[] = [];
  let rest = length;
  for (const factor of [4, 2]) {
    while (rest % factor === 0 && rest > 1) {
      factors.push(factor);
      rest /= factor;
    }
  }
  return rest === 1 && length > 1 ? factors : null;
}

/** Returns cos and −sin of angles as 16-bit numbers with 15 bits behind the point (kf_cexp). */
function twiddles(phases: readonly number[]): {
  readonly re: readonly number[];
  readonly im: readonly number[];
} {
  const fixed = (value: number) => Math.floor(0.5 + SAMPLE_MAX * value);
  return {
    re: phases.map((phase) => fixed(Math.cos(phase))),
    im: phases.map((phase) => fixed(Math.sin(phase))),
  };
}

/** Arithmetic of 16-bit complex numbers. */
class Fixed {
  readonly #exact: Exact;

  constructor(exact: Exact) {
    this.#exact = exact;
  }

  each(value: Complex, what: (part: Tensor) => Tensor): Complex {
    return { re: what(value.re), im: what(value.im) };
  }

  add(a: Complex, b: Complex): Complex {
    return { re: this.#exact.add(a.re, b.re), im: this.#exact.add(a.im, b.im) };
  }

  subtract(a: Complex, b: Complex): Complex {
    return { re: this.#exact.subtract(a.re, b.re), im: this.#exact.subtract(a.im, b.im) };
  }

  wrap(value: Complex): Complex {
    return this.each(value, (part) => this.#exact.wrapSigned(part, 16));
  }

  /** C_FIXDIV: a product with the rounded reciprocal. */
  divide(value: Complex, by: number): Complex {
    return this.each(value, (part) =>
      this.#round(this.#exact.multiply(part, Math.floor(SAMPLE_MAX / by) * 2 ** -FRACTION_BITS)),
    );
  }

  /** C_MUL with constants, of the shape [1, arms, width]. */
  turn(
    value: Complex,
    by: { readonly re: readonly number[]; readonly im: readonly number[] },
    shape: readonly number[],
  ): Complex {
    const exact = this.#exact;
    const fraction = (list: readonly number[]) =>
      exact.constant(
        list.map((item) => item * 2 ** -FRACTION_BITS),
        shape,
      );
    const [re, im] = [fraction(by.re), fraction(by.im)];
    return {
      re: this.#round(exact.subtract(exact.multiply(value.re, re), exact.multiply(value.im, im))),
      im: this.#round(exact.add(exact.multiply(value.re, im), exact.multiply(value.im, re))),
    };
  }

  #round(value: Tensor): Tensor {
    return this.#exact.floor(this.#exact.add(value, 0.5));
  }
}

/** Returns the FFT of N complex numbers, given and returned as lists [N]. */
function complexFft(exact: Exact, { re, im }: Complex, factors: readonly number[]): Complex {
  const length = factors.reduce((product, factor) => product * factor, 1);
  const fixed = new Fixed(exact);
  const digits = [...factors].reverse();
  const perm = factors.map((_, index) => factors.length - 1 - index);
  let value = fixed.each({ re, im }, (part) =>
    exact.node("Transpose", [exact.reshape(part, digits)], factors, { perm }),
  );
  let width = 1;
  for (let stage = factors.length - 1; stage >= 0; stage--) {
    const factor = factors[stage]!;
    const groups = length / (factor * width);
    const parts = fixed.each(value, (part) => exact.reshape(part, [groups, factor, width]));
    value = fixed.wrap(butterfly(exact, fixed.divide(parts, factor), { factor, groups, width, length }));
    width *= factor;
  }
  return fixed.each(value, (part) => exact.reshape(part, [length]));
}

interface Stage {
  readonly factor: number;
  readonly groups: number;
  readonly width: number;
  readonly length: number;
}

/** kf_bfly2 and kf_bfly4: the arms but the first are turned, then combined. */
function butterfly(exact: Exact, value: Complex, { factor, groups, width, length }: Stage): Complex {
  const fixed = new Fixed(exact);
  const [firstRe, restRe] = exact.split(value.re, [1, factor - 1], 1) as [Tensor, Tensor];
  const [firstIm, restIm] = exact.split(value.im, [1, factor - 1], 1) as [Tensor, Tensor];
  const first = { re: firstRe, im: firstIm };
  const phases = Array.from({ length: (factor - 1) * width }, (_, index) => {
    const [arm, offset] = [1 + Math.floor(index / width), index % width];
    return (-2 * Math.PI * (groups * arm * offset)) / length;
  });
  const turned = fixed.turn({ re: restRe, im: restIm }, twiddles(phases), [1, factor - 1, width]);
  const join = (parts: readonly Complex[]): Complex => ({
    re: exact.concat(
      parts.map((part) => part.re),
      1,
    ),
    im: exact.concat(
      parts.map((part) => part.im),
      1,
    ),
  });
  if (factor === 2) return join([fixed.add(first, turned), fixed.subtract(first, turned)]);
  const ones = [1, 1, 1];
  const [re, im] = [exact.split(turned.re, ones, 1), exact.split(turned.im, ones, 1)];
  const [one, two, three] = [0, 1, 2].map((arm) => ({ re: re[arm]!, im: im[arm]! })) as [
    Complex,
    Complex,
    Complex,
  ];
  const [even, odd] = [fixed.add(first, two), fixed.subtract(first, two)];
  const [sum, difference] = [fixed.add(one, three), fixed.subtract(one, three)];
  // −i × difference.
  const quarter = { re: difference.im, im: exact.multiply(difference.re, -1) };
  return join([
    fixed.add(even, sum),
    fixed.add(odd, quarter),
    fixed.subtract(even, sum),
    fixed.subtract(odd, quarter),
  ]);
}

/**
 * Returns the spectrum of `length` real samples as length/2 + 1 pairs of re and im, one list. Even and odd
 * samples are transformed as one complex list of half the length, then taken apart (kiss_fftr).
 */
export function realFft(exact: Exact, rewrite: Rewrite, samples: Tensor, length: number): Tensor {
  const half = length / 2;
  const factors = fftFactors(half);
  if (!factors || length % 2 !== 0) {
    throw rewrite.refuse(`it transforms ${length} samples, expected twice a product of twos`);
  }
  const fixed = new Fixed(exact);
  const [even, odd] = exact.split(exact.reshape(samples, [half, 2]), [1, 1], 1) as [Tensor, Tensor];
  const whole = complexFft(
    exact,
    { re: exact.reshape(even, [half]), im: exact.reshape(odd, [half]) },
    factors,
  );
  const divided = fixed.divide(whole, 2);
  const first = fixed.each(divided, (part) => exact.pick(part, [0]));
  const ends = [exact.add(first.re, first.im), exact.subtract(first.re, first.im)].map((end) =>
    exact.wrapSigned(end, 16),
  );

  const upTo = Array.from({ length: half / 2 }, (_, index) => index + 1);
  const low = fixed.each(divided, (part) => exact.pick(part, upTo));
  // The mirrored bin is conjugated first: rounding halves up is not the same on both sides of 0.
  const mirrored = upTo.map((k) => half - k);
  const conjugate = {
    re: exact.pick(whole.re, mirrored),
    im: exact.wrapSigned(exact.multiply(exact.pick(whole.im, mirrored), -1), 16),
  };
  const high = fixed.divide(conjugate, 2);
  const [sum, difference] = [fixed.wrap(fixed.add(low, high)), fixed.wrap(fixed.subtract(low, high))];
  const phases = upTo.map((k) => -Math.PI * (k / half + 0.5));
  const turned = fixed.wrap(fixed.turn(difference, twiddles(phases), [half / 2]));
  const lower = fixed.each(fixed.add(sum, turned), (part) => exact.shiftRight(part, 1));
  const upper = {
    re: exact.shiftRight(exact.subtract(sum.re, turned.re), 1),
    im: exact.shiftRight(exact.subtract(turned.im, sum.im), 1),
  };
  // Bin half/2 is written twice; the upper one stays.
  const before = upTo.slice(0, -1).map((k) => k - 1);
  const backwards = upTo.map((k) => half / 2 - k);
  const zero = exact.constant([0]);
  const bins = (start: Tensor, from: Tensor, to: Tensor, end: Tensor) => {
    const middle = before.length > 0 ? [exact.pick(from, before)] : [];
    return exact.reshape(exact.concat([start, ...middle, exact.pick(to, backwards), end], 0), [half + 1, 1]);
  };
  const pairs = [bins(ends[0]!, lower.re, upper.re, ends[1]!), bins(zero, lower.im, upper.im, zero)];
  return exact.reshape(exact.concat(pairs, 1), [2 * (half + 1)]);
}
