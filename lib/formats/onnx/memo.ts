import { Interner } from "./interner.js";
import type { Extent, WireFile } from "./wire.js";

/** Longer runs of bytes hardly repeat. */
const LONGEST = 512;
/** Files repeat a few dozen; one that never does must not fill the memory. */
const MOST = 8192;

/** What runs of bytes were found to mean, so that each is read once: attributes of a node, types of values. */
export class Memo<T> {
  #keys = new Interner();
  #values: (T | undefined)[] = [];

  /** Returns a key for the bytes; −1 for those that are not remembered. */
  key(file: WireFile, { at, length }: Extent): number {
    if (length > LONGEST) return -1;
    if (this.#keys.count >= MOST) {
      this.#keys = new Interner();
      this.#values = [];
    }
    file.show(at, length);
    const start = at - file.base;
    return this.#keys.number(file.view, start, start + length);
  }

  recall(key: number): T | undefined {
    return this.#values[key];
  }

  remember(key: number, value: T): T {
    if (key >= 0) this.#values[key] = value;
    return value;
  }
}
