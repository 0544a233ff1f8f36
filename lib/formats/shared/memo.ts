/** Longer runs of bytes hardly repeat. */
const LONGEST = 512;
/** Files repeat a few dozen; what falls on the place of another takes it. */
const PLACES = 256;

/** What runs of bytes were last found to mean, so that those that recur are read once: shapes, options. */
export class Memo<T> {
  readonly #runs: (Uint8Array | undefined)[] = [];
  readonly #values: (T | undefined)[] = [];

  /** Returns what was remembered for data[start, end); undefined where nothing was, or no longer is. */
  recall(data: Uint8Array, start: number, end: number): T | undefined {
    const length = end - start;
    if (length > LONGEST) return undefined;
    const place = placeOf(data, start, end);
    const run = this.#runs[place];
    if (run === undefined || run.length !== length) return undefined;
    for (let index = 0; index < length; index++) if (run[index] !== data[start + index]) return undefined;
    return this.#values[place];
  }

  /** Remembers the value, and returns it. */
  remember(data: Uint8Array, start: number, end: number, value: T): T {
    if (end - start > LONGEST) return value;
    const place = placeOf(data, start, end);
    this.#runs[place] = Uint8Array.from(data.subarray(start, end));
    this.#values[place] = value;
    return value;
  }
}

/** FNV-1a over the bytes. */
function placeOf(data: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ data[at]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}
