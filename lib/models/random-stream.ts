/**
 * Spreads a counter over all 32 bits, to fill the state of a generator from one seed. Multipliers: the least
 * biased two-round hash of C. Wellons, github.com/skeeto/hash-prospector.
 */
function splitmix32(counter: number): number {
  let mixed = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Returns the 32-bit FNV-1a hash of the text's UTF-16 code units, low byte first. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Random numbers named by a text: the same name gives the same numbers on every machine and engine, because
 * only 32-bit integer operations are involved (xoshiro128**, Blackman and Vigna, "Scrambled Linear
 * Pseudorandom Number Generators", 2021). A cursor: each call moves on.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(name: string) {
    const seed = fnv1a(name);
    this.#a = splitmix32(seed + 0x9e3779b9);
    this.#b = splitmix32(seed + 2 * 0x9e3779b9);
    this.#c = splitmix32(seed + 3 * 0x9e3779b9);
    // xoshiro never leaves the all-zero state, so one word is kept odd.
    this.#d = splitmix32(seed + 4 * 0x9e3779b9) | 1;
  }

  /** Returns the next 32 bits as an integer from 0 to 2^32 − 1. */
  next(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Returns a number from [low, high), evenly spread. */
  between(low: number, high: number): number {
    return low + (high - low) * (this.next() / 2 ** 32);
  }

  /**
   * Returns an integer from −510 to 510, bell-shaped about zero with standard deviation `BELL_SIGMA`: the sum
   * of four bytes less its mean (Irwin–Hall). Within 3.45 standard deviations of a Gaussian's shape, and
   * without the logarithms and cosines that differ between engines.
   */
  bell(): number {
    const bits = this.next();
    return (bits & 0xff) + ((bits >>> 8) & 0xff) + ((bits >>> 16) & 0xff) + (bits >>> 24) - 510;
  }
}

/** √(4 · (256² − 1) / 12): four independent bytes. */
export const BELL_SIGMA = Math.sqrt(21845);

/**
 * Expected largest |bell()| of 2^k draws, in standard deviations, for k = 0, 1, …; computed from the exact
 * distribution of `bell()`: Σ x · (F(x)^n − F(x − 1)^n) with F the distribution of |bell()|.
 */
const LARGEST_OF_POWER_OF_TWO = [
  0.81, 1.136, 1.46, 1.757, 2.017, 2.241, 2.434, 2.596, 2.734, 2.85, 2.948, 3.03, 3.099, 3.157, 3.206, 3.247,
  3.281, 3.31, 3.335, 3.355, 3.372, 3.387, 3.399, 3.409, 3.418,
] as const;

/** Returns the expected largest |bell()| of `count` draws, in standard deviations. */
export function expectedLargest(count: number): number {
  const power = Math.min(31 - Math.clz32(count), LARGEST_OF_POWER_OF_TWO.length - 1);
  const low = LARGEST_OF_POWER_OF_TWO[power]!;
  const high = LARGEST_OF_POWER_OF_TWO[power + 1] ?? low;
  return low + (high - low) * Math.min(count / 2 ** power - 1, 1);
}
