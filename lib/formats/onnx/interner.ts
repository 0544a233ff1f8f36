/**
 * Runs of bytes by number: the same bytes have the same number. A model says each name several times, and the
 * same attributes at every other node; numbers make them one, without making a text of each first.
 *
 * An open hash table of numbers (−1: free) over a store of the bytes:
 *
 * ```
 * store   x w y
 * table  [−1, 1, −1, −1, 0, 2, −1, −1]    and the hash of each beside it
 * ```
 */
import type { Texts } from "../../graph/texts.js";
import { TextStore } from "./text-store.js";

const utf8 = new TextEncoder();
const FIRST_SLOTS = 1024;
/** By how much the table grows when half of it is full. */
const GROWTH = 4;
/** Places where names stand, by number: in each they mostly follow each other. Inputs of a node have one each. */
export const PLACE = { other: 0, constant: 1, value: 2, output: 3, input: 4 } as const;
const PLACES = 16;
/** Longer chains are no accident: from here on, a Map, whose hash nobody can foresee. */
const LONGEST_CHAIN = 64;
/** Maps each byte to a character of its own, whatever the bytes mean. */
const oneToOne = new TextDecoder("windows-1252");

export class Interner {
  readonly #store = new TextStore();
  /** Per slot an entry and its hash, side by side: a look at both is one at the memory. */
  #table = new Int32Array(2 * FIRST_SLOTS).fill(-1);
  /** Per place the entry that was found there last, and the one before it. */
  readonly #known = new Int32Array(2 * PLACES);
  readonly #crowded = new Map<string, number>();

  /** The bytes by number, without the table that finds them. */
  get texts(): Texts {
    return this.#store;
  }

  /** How many different runs of bytes it has seen. */
  get count(): number {
    return this.#store.count;
  }

  /** Returns the number of data[start, end); new bytes get the next one. O(end − start). */
  number(data: DataView, start: number, end: number): number {
    const hash = hashOf(data, start, end);
    const table = this.#table;
    const last = table.length - 2;
    let slot = (2 * hash) & last;
    for (let tried = 0; tried < LONGEST_CHAIN; tried++) {
      const held = table[slot]!;
      if (held < 0) {
        const entry = this.#store.add(data, start, end);
        table[slot] = entry;
        table[slot + 1] = hash;
        this.#counted();
        return entry;
      }
      if (table[slot + 1] === hash && this.#store.equals(held, data, start, end)) return held;
      slot = (slot + 2) & last;
    }
    const key = oneToOne.decode(new Uint8Array(data.buffer, data.byteOffset + start, end - start));
    const held = this.#crowded.get(key);
    if (held !== undefined) return held;
    const entry = this.#store.add(data, start, end);
    this.#crowded.set(key, entry);
    this.#counted();
    return entry;
  }

  /**
   * Returns the same number sooner where it goes up by as much as the last time at this place (PLACE):
   * first inputs of nodes, say, of which each is the result of the node before. One comparison then saves hashing and looking
   * into the table, four times of five in a chain of convolutions.
   */
  numberAt(place: number, data: DataView, start: number, end: number): number {
    const known = this.#known;
    const at = 2 * Math.min(place, PLACES - 1);
    const last = known[at]!;
    const guess = last + last - known[at + 1]!;
    const isGuess = guess >= 0 && guess < this.#store.count && this.#store.equals(guess, data, start, end);
    const entry = isGuess ? guess : this.number(data, start, end);
    known[at] = entry;
    known[at + 1] = last;
    return entry;
  }

  /** Returns the number of a text. */
  numberOf(text: string): number {
    const data = utf8.encode(text);
    return this.number(new DataView(data.buffer, data.byteOffset), 0, data.length);
  }

  /** Returns the bytes of an entry as text. */
  text(entry: number): string {
    return this.#store.text(entry);
  }

  #counted(): void {
    if (4 * this.#store.count >= this.#table.length) this.#grow();
  }

  #grow(): void {
    const before = this.#table;
    const crowded = [...this.#crowded.values()];
    this.#table = new Int32Array(GROWTH * before.length).fill(-1);
    this.#crowded.clear();
    for (let slot = 0; slot < before.length; slot += 2) {
      if (before[slot]! >= 0) this.#place(before[slot]!, before[slot + 1]!);
    }
    for (const entry of crowded) {
      const { buffer, byteOffset, length } = this.#store.bytes(entry);
      this.#place(entry, hashOf(new DataView(buffer, byteOffset, length), 0, length));
    }
  }

  #place(entry: number, hash: number): void {
    const last = this.#table.length - 2;
    let slot = (2 * hash) & last;
    for (let tried = 0; tried < LONGEST_CHAIN; tried++) {
      if (this.#table[slot]! < 0) {
        this.#table[slot] = entry;
        this.#table[slot + 1] = hash;
        return;
      }
      slot = (slot + 2) & last;
    }
    this.#crowded.set(oneToOne.decode(this.#store.bytes(entry)), entry);
  }
}

/** A hash of the bytes and their number, four at a time. */
export function hashOf(data: DataView, start: number, end: number): number {
  let hash = (end - start) | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = mixed(hash ^ data.getInt32(at, true));
  for (; at < end; at++) hash = mixed(hash ^ data.getUint8(at));
  return hash;
}

/** 2^32 over the golden ratio spreads the low bits upwards; the shift brings the high ones down. */
function mixed(bits: number): number {
  const product = Math.imul(bits, 0x9e3779b1);
  return product ^ (product >>> 15);
}
