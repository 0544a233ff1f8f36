/**
 * Runs of bytes by number: the same bytes have the same number. A model says each name several times, and the
 * same attributes at every other node; numbers make them one, without making a text of each first.
 *
 * An open hash table of numbers (−1: free) over one growing copy of the bytes:
 *
 * ```
 * bytes   x w y                 starts  0 1 2 3
 * table  [−1, 1, −1, −1, 0, 2, −1, −1]
 * ```
 */
import { decodeText } from "./text.js";

const utf8 = new TextEncoder();
const FIRST_CAPACITY = 1024;
/** Longer chains are no accident: from here on, a Map, whose hash nobody can foresee. */
const LONGEST_CHAIN = 64;
/** Maps each byte to a character of its own, whatever the bytes mean. */
const oneToOne = new TextDecoder("windows-1252");

export class Interner {
  #table = new Int32Array(FIRST_CAPACITY).fill(-1);
  #hashes = new Int32Array(FIRST_CAPACITY / 2);
  /** Entry n has the bytes from starts[n] up to starts[n + 1]. */
  #starts = new Float64Array(FIRST_CAPACITY / 2 + 1);
  #bytes = new Uint8Array(FIRST_CAPACITY * 8);
  #count = 0;
  readonly #texts: (string | undefined)[] = [];
  readonly #crowded = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /** Returns the number of data[start, end); new bytes get the next one. O(end − start). */
  number(data: Uint8Array, start: number, end: number): number {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ data[at]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    for (let tried = 0; tried < LONGEST_CHAIN; tried++) {
      const held = this.#table[slot]!;
      if (held < 0) {
        this.#table[slot] = this.#count;
        return this.#add(hash, data, start, end);
      }
      if (this.#hashes[held] === hash && this.#equals(held, data, start, end)) return held;
      slot = (slot + 1) & mask;
    }
    const key = oneToOne.decode(data.subarray(start, end));
    const held = this.#crowded.get(key);
    if (held !== undefined) return held;
    this.#crowded.set(key, this.#count);
    return this.#add(hash, data, start, end);
  }

  /** Returns the number of a text. */
  numberOf(text: string): number {
    const data = utf8.encode(text);
    return this.number(data, 0, data.length);
  }

  /** Returns the bytes of an entry as text; made once. */
  text(entry: number): string {
    const made = this.#texts[entry];
    if (made !== undefined) return made;
    const text = decodeText(this.#bytes, this.#starts[entry]!, this.#starts[entry + 1]!);
    this.#texts[entry] = text;
    return text;
  }

  #equals(entry: number, data: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let own = this.#starts[entry]!;
    if (this.#starts[entry + 1]! - own !== end - start) return false;
    for (let at = start; at < end; at++) if (bytes[own++] !== data[at]) return false;
    return true;
  }

  #add(hash: number, data: Uint8Array, start: number, end: number): number {
    const entry = this.#count++;
    const own = this.#starts[entry]!;
    const needed = own + end - start;
    if (needed > this.#bytes.length)
      this.#bytes = grown(this.#bytes, Math.max(needed, 2 * this.#bytes.length));
    for (let from = start, to = own; from < end; from++, to++) this.#bytes[to] = data[from]!;
    this.#hashes[entry] = hash;
    this.#starts[entry + 1] = needed;
    this.#texts.push(undefined);
    if (this.#count === this.#hashes.length) this.#grow();
    return entry;
  }

  #grow(): void {
    const capacity = 2 * this.#table.length;
    this.#table = new Int32Array(capacity).fill(-1);
    this.#hashes = grown(this.#hashes, capacity / 2);
    this.#starts = grown(this.#starts, capacity / 2 + 1);
    this.#crowded.clear();
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry);
  }

  #place(entry: number): void {
    const mask = this.#table.length - 1;
    let slot = this.#hashes[entry]! & mask;
    for (let tried = 0; tried < LONGEST_CHAIN; tried++) {
      if (this.#table[slot]! < 0) {
        this.#table[slot] = entry;
        return;
      }
      slot = (slot + 1) & mask;
    }
    const own = this.#bytes.subarray(this.#starts[entry], this.#starts[entry + 1]);
    this.#crowded.set(oneToOne.decode(own), entry);
  }
}

function grown<T extends Uint8Array | Int32Array | Float64Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
