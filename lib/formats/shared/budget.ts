/**
 * How much of the heap a file may become. A few bytes can ask for much: a list of a million that are all one table,
 * a function that calls itself twice over and over, a constant without its zeros. Readers say what things take as
 * they make them, constants that stay in the file apart, and the sum may be four times the file:
 *
 * ```
 * file of 1 MiB: 4 × 1 MiB + 32 MiB = 36 MiB; 300,000 tensors of 128 bytes are too many
 * ```
 */
import { DecodeError, LabError } from "../../errors.js";
import type { FilePlace } from "./located.js";

/** A decoded file takes at most this many times its size, and what is always fine; never more than what V8 has. */
const GROWTH = 4;
const ALWAYS_FINE = 32 << 20;
const MOST = 2 ** 30;

/** What a list costs besides its elements, and each of these, in bytes of the heap: 64-bit words. */
export const LIST_COST = 48;
export const ELEMENT_COST = 8;

export class Budget {
  readonly #size: number;
  #left: number;

  /** The budget of a file of `size` bytes. */
  constructor(size: number) {
    this.#size = size;
    this.#left = Math.min(GROWTH * size + ALWAYS_FINE, MOST);
  }

  /** Takes `cost` bytes off; false when they were not there. */
  take(cost: number): boolean {
    this.#left -= cost;
    return this.#left >= 0;
  }

  /** Takes `cost` bytes off; throws a LabError, at its place where that is known, when they were not there. */
  spend(cost: number, place?: FilePlace): void {
    if (!this.take(cost)) throw this.exceeded(place);
  }

  /** Returns the error for a file that takes too much. */
  exceeded(place?: FilePlace): LabError {
    const what = place ? place.path || "model" : "the model";
    const fields = {
      code: "UNFOLDS",
      message: `Cannot read ${what}: it unfolds without bounds, the file of ${this.#size} bytes to over ${Math.min(GROWTH * this.#size + ALWAYS_FINE, MOST)}`,
      hint: "the file is damaged, or made to exhaust the memory of its readers",
    };
    return place ? new DecodeError({ ...fields, offset: place.start, path: what }) : new LabError(fields);
  }
}
