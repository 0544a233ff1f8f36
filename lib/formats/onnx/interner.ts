/**
 * Runs of bytes by number: the same bytes have the same number. A model says each name several times, and the
 * same attributes at every other node; numbers make them one, without making a text of each first.
 *
 * An open hash table of numbers (−1: free) over one growing copy of the bytes:
 *
 * ```
 * bytes   x w y                 starts  0 1 2 3
 * table  [−1, 1, −1, −1, 0, 2, −1, −1]    and the hash of each beside it
 * ```
 */
import { decodeText } from "./text.js";

const utf8 = new TextEncoder();
const FIRST_SLOTS = 1024;
/** By how much the table grows when half of it is full. */
const GROWTH = 4;
/** Longer chains are no accident: from here on, a Map, whose hash nobody can foresee. */
const LONGEST_CHAIN = 64;
/** Maps each byte to a character of its own, whatever the bytes mean. */
const oneToOne = new TextDecoder("windows-1252");

export class Interner {
  /** Per slot an entry and its hash, side by side: a look at both is one at the memory. */
  #table = new Int32Array(2 * FIRST_SLOTS).fill(-1);
  /** Entry n has the bytes from starts[n] up to starts[n + 1]. */
  #starts = new Float64Array(FIRST_SLOTS / 2 + 1);
  #bytes = new Uint8Array(8 * FIRST_SLOTS);
  #count = 0;
  readonly #texts: (string | undefined)[] = [];
  readonly #crowded = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  /** Returns the number of data[start, end); new bytes get the next one. O(end − start). */
  number(data: Uint8Array, start: number, end: number): number {
    const hash = hashOf(data, start, end);
    const table = this.#table;
    const last = table.length - 2;
    let slot = (2 * hash) & last;
    for (let tried = 0; tried < LONGEST_CHAIN; tried++) {
      const held = table[slot]!;
      if (held < 0) {
        table[slot] = this.#count;
        table[slot + 1] = hash;
        return this.#add(data, start, end);
      }
      if (table[slot + 1] === hash && this.#equals(held, data, start, end)) return held;
      slot = (slot + 2) & last;
    }
    const key = oneToOne.decode(data.subarray(start, end));
    const held = this.#crowded.get(key);
    if (held !== undefined) return held;
    this.#crowded.set(key, this.#count);
    return this.#add(data, start, end);
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

  #add(data: Uint8Array, start: number, end: number): number {
    const entry = this.#count++;
    const own = this.#starts[entry]!;
    const needed = own + end - start;
    if (needed > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, Math.max(needed, 2 * this.#bytes.length));
    }
    const bytes = this.#bytes;
    for (let from = start, to = own; from < end; from++, to++) bytes[to] = data[from]!;
    this.#starts[entry + 1] = needed;
    this.#texts.push(undefined);
    if (this.#count + 1 === this.#starts.length) this.#grow();
    return entry;
  }

  #grow(): void {
    this.#table = new Int32Array(GROWTH * this.#table.length).fill(-1);
    this.#starts = grown(this.#starts, this.#table.length / 4 + 1);
    this.#crowded.clear();
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry);
  }

  #place(entry: number): void {
    const [start, end] = [this.#starts[entry]!, this.#starts[entry + 1]!];
    const hash = hashOf(this.#bytes, start, end);
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
    this.#crowded.set(oneToOne.decode(this.#bytes.subarray(start, end)), entry);
  }
}

/** FNV-1a over the bytes and their number. */
function hashOf(data: Uint8Array, start: number, end: number): number {
  let hash = (0x811c9dc5 ^ (end - start)) | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ data[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function grown<T extends Uint8Array | Float64Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
