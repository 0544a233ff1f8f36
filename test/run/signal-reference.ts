/** The audio front end of tflite-micro in plain integers, one number after the other: the judge of its tensors. */

const shiftRight = (value: number, bits: number) => Math.floor(value / 2 ** bits);
const int16 = (value: number) => (value << 16) >> 16;
const uint32 = (value: bigint) => Number(BigInt.asUintN(32, value));

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** Rounds a product of two numbers with 15 bits behind the point. */
const round15 = (value: number) => int16((value + 2 ** 14) >> 15);
const add = (a: Complex, b: Complex): Complex => ({ re: int16(a.re + b.re), im: int16(a.im + b.im) });
const subtract = (a: Complex, b: Complex): Complex => ({ re: int16(a.re - b.re), im: int16(a.im - b.im) });
const divide = ({ re, im }: Complex, by: number): Complex => {
  const factor = Math.floor(32767 / by);
  return { re: round15(re * factor), im: round15(im * factor) };
};
const multiply = (a: Complex, b: Complex): Complex => ({
  re: round15(a.re * b.re - a.im * b.im),
  im: round15(a.re * b.im + a.im * b.re),
});
const unit = (phase: number): Complex => ({
  re: Math.floor(0.5 + 32767 * Math.cos(phase)),
  im: Math.floor(0.5 + 32767 * Math.sin(phase)),
});

/** Decimation in time by fours, then a two: kf_work, recursive as KISS FFT has it. */
function fft(values: readonly Complex[]): Complex[] {
  const count = values.length;
  if (count === 1) return [values[0]!];
  const factor = count % 4 === 0 ? 4 : 2;
  const width = count / factor;
  const parts = Array.from({ length: factor }, (_, arm) =>
    fft(values.filter((_, index) => index % factor === arm)),
  );
  const result = new Array<Complex>(count);
  for (let at = 0; at < width; at++) {
    const turned = parts.map((part, arm) => {
      const divided = divide(part[at]!, factor);
      return arm === 0 ? divided : multiply(divided, unit((-2 * Math.PI * arm * at) / count));
    });
    if (factor === 2) {
      const [a, b] = turned as [Complex, Complex];
      result[at] = add(a, b);
      result[at + width] = subtract(a, b);
      continue;
    }
    const [a, b, c, d] = turned as [Complex, Complex, Complex, Complex];
    const [even, odd, sum, difference] = [add(a, c), subtract(a, c), add(b, d), subtract(b, d)];
    result[at] = add(even, sum);
    result[at + 2 * width] = subtract(even, sum);
    result[at + width] = { re: int16(odd.re + difference.im), im: int16(odd.im - difference.re) };
    result[at + 3 * width] = { re: int16(odd.re - difference.im), im: int16(odd.im + difference.re) };
  }
  return result;
}

/** Returns bins 0 to n/2 of n real samples, as re and im in turns (kiss_fftr). */
export function realFft(samples: readonly number[]): number[] {
  const half = samples.length / 2;
  const whole = fft(
    Array.from({ length: half }, (_, index) => ({ re: samples[2 * index]!, im: samples[2 * index + 1]! })),
  );
  const bins = new Array<Complex>(half + 1);
  const start = divide(whole[0]!, 2);
  bins[0] = { re: int16(start.re + start.im), im: 0 };
  bins[half] = { re: int16(start.re - start.im), im: 0 };
  for (let k = 1; k <= half / 2; k++) {
    const mirrored = whole[half - k]!;
    const [low, high] = [divide(whole[k]!, 2), divide({ re: mirrored.re, im: int16(-mirrored.im) }, 2)];
    const [sum, difference] = [add(low, high), subtract(low, high)];
    const turned = multiply(difference, unit(-Math.PI * (k / half + 0.5)));
    bins[k] = { re: (sum.re + turned.re) >> 1, im: (sum.im + turned.im) >> 1 };
    bins[half - k] = { re: (sum.re - turned.re) >> 1, im: (turned.im - sum.im) >> 1 };
  }
  return bins.flatMap(({ re, im }) => [re, im]);
}

export function bitLength(value: number): number {
  return value === 0 ? 0 : value.toString(2).length;
}

/** The root to the nearest integer, bit by bit. */
export function squareRoot(value: bigint): number {
  let root = 0n;
  for (let bit = 1n << 31n; bit > 0n; bit >>= 1n) if ((root + bit) * (root + bit) <= value) root += bit;
  const top = value < 1n << 32n ? 0xffffn : 0xffffffffn;
  return Number(value - root * root > root && root !== top ? root + 1n : root);
}

export interface Subtraction {
  readonly smoothing: number;
  readonly one_minus_smoothing: number;
  readonly alternate_smoothing: number;
  readonly alternate_one_minus_smoothing: number;
  readonly smoothing_bits: number;
  readonly spectral_subtraction_bits: number;
  readonly min_signal_remaining: number;
  readonly clamping: boolean;
}

/** Returns what is left of each channel, and changes the estimate of the noise in place. */
export function subtractNoise(signal: readonly number[], noise: number[], options: Subtraction): number[] {
  return signal.map((value, channel) => {
    const even = channel % 2 === 0;
    const fresh = BigInt(even ? options.smoothing : options.alternate_smoothing);
    const old = BigInt(even ? options.one_minus_smoothing : options.alternate_one_minus_smoothing);
    const scaled = uint32(BigInt(value) << BigInt(options.smoothing_bits));
    const bits = BigInt(options.spectral_subtraction_bits);
    noise[channel] = uint32((BigInt(scaled) * fresh + BigInt(noise[channel]!) * old) >> bits);
    const estimate = Math.min(noise[channel]!, scaled);
    if (options.clamping) noise[channel] = estimate;
    const floor = Number((BigInt(value) * BigInt(options.min_signal_remaining)) >> bits);
    return Math.max(shiftRight(scaled - estimate, options.smoothing_bits), floor);
  });
}

/** Returns a channel after gain control, given its noise and the table of gains. */
export function controlGain(value: number, noise: number, table: readonly number[], shift: number): number {
  let gain = table[Math.min(noise, 2)]!;
  if (noise > 2) {
    const interval = bitLength(noise);
    const at = 4 * interval - 6;
    const fraction = (interval < 11 ? noise << (11 - interval) : noise >>> (interval - 11)) & 0x3ff;
    const slope = ((table[at + 2]! * fraction) >> 5) + (table[at + 1]! << 5);
    gain = int16(((slope * fraction + 2 ** 14) >> 15) + table[at]!);
  }
  const ratio = uint32((BigInt(value) * BigInt(gain)) >> BigInt(shift));
  return ratio < 8192 ? (ratio * ratio) >>> 20 : (ratio >>> 6) - 64;
}

/** Returns the scaled logarithm of a channel. */
export function logarithm(value: number, bits: number, scale: number): number {
  const scaled = uint32(BigInt(value) << BigInt(bits));
  if (scaled <= 1) return 0;
  const entry = (index: number) =>
    index > 128 ? 0 : Math.round(65536 * (Math.log2(1 + index / 128) - index / 128));
  const whole = bitLength(scaled) - 1;
  const above = BigInt(scaled) - (1n << BigInt(whole));
  const fraction = Number(whole < 16 ? above << BigInt(16 - whole) : above >> BigInt(whole - 16));
  const segment = fraction >> 9;
  const between = ((entry(segment + 1) - entry(segment)) * (fraction - 512 * segment)) >> 16;
  const log2 = whole * 65536 + fraction + entry(segment) + between;
  const natural = (45426n * BigInt(log2) + 32768n) >> 16n;
  return Math.min(32767, Number(BigInt(uint32(BigInt(scale) * natural + 32768n)) >> 16n));
}
