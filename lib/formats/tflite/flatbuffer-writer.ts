/**
 * FlatBuffers, as far as writing needs them; the mirror image of flatbuffer.ts. A table's place is reserved
 * first and what it refers to is appended behind it, so every offset points forward and the file starts with
 * its structure. Large contents (`Content`) come last of all and are read straight into their place: writing a
 * model holds its weights once. Tables of one form share their vtable.
 *
 * The example of flatbuffer.ts, a table of two fields, comes out as:
 *
 * ```
 * byte  0  10 00 00 00              root: the table is at 16
 *       8  08 00 0c 00 04 00 08 00  vtable: 8 bytes, describes 12; slot 4 → +4, slot 6 → +8
 *      16  08 00 00 00              table: its vtable is 8 bytes back
 *      20  03 00 00 00              version = 3
 *      24  04 00 00 00              name: 4 bytes ahead, at 28
 *      28  02 00 00 00 68 69 00     two bytes, "hi"
 * ```
 */
import { LabError } from "../../errors.js";

/** Bytes that are asked for when their place in the file is ready. */
export interface Content {
  readonly byteLength: number;
  read(): Uint8Array;
}

/** A field on its way into a table: its slot in the vtable, the bytes it takes inside of the table, its value. */
export interface FieldDraft {
  readonly slot: number;
  readonly size: number;
  write(at: number): void;
}

interface Placed {
  readonly content: Content;
  /** Tells the fields that refer to the content where it lies. */
  readonly settle: (at: number) => void;
  /** Whether a length stands before the content: it is a vector. */
  readonly counted: boolean;
}

/** schema.fbs, table Buffer: `data` has force_align 16. */
const CONTENT_ALIGNMENT = 16;
/** Offsets are read as signed by some readers: FLATBUFFERS_MAX_BUFFER_SIZE of flatbuffers/base.h. */
const REACH = 2 ** 31 - 1;
const FIRST_CAPACITY = 1 << 16;

/** A cursor that only moves forward; write once, then `finish`. */
export class FlatBufferWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  readonly #vtables = new Map<string, number>();
  readonly #placed: Placed[] = [];

  get view(): DataView {
    return this.#view;
  }

  /** Returns where `length` zeros begin; the byte `lead` after that is a multiple of `alignment`. */
  reserve(length: number, alignment: number, lead = 0): number {
    const at = Math.ceil((this.#size + lead) / alignment) * alignment - lead;
    this.#size = at + length;
    if (this.#size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#size));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** Appends small bytes. */
  append(data: Uint8Array): void {
    const at = this.reserve(data.length, 1);
    this.#bytes.set(data, at);
  }

  /** Makes the offset at `at` point at `target`. */
  link(at: number, target: number): void {
    if (target - at > REACH) {
      throw new LabError({
        code: "TOO_LARGE",
        message: `Cannot write an offset of ${target - at} bytes: a FlatBuffer reaches ${REACH}`,
        hint: "write the constants after the FlatBuffer",
      });
    }
    this.#view.setUint32(at, target - at, true);
  }

  /** Returns where the table begins that holds the fields; absent fields are simply not given. */
  table(fields: readonly FieldDraft[]): number {
    // Largest first, so that no field needs padding before it.
    const ordered = fields.toSorted((a, b) => b.size - a.size || a.slot - b.slot);
    const widest = ordered[0]?.size ?? 4;
    let tableSize = widest === 8 ? 8 : 4;
    const offsets = new Map<number, number>();
    for (const { slot, size } of ordered) {
      offsets.set(slot, tableSize);
      tableSize += size;
    }
    const last = fields.reduce((most, { slot }) => Math.max(most, slot), 2);
    const vtable = this.#vtable({ last, tableSize, offsets });
    const at = this.reserve(tableSize, Math.max(4, widest));
    this.#view.setInt32(at, at - vtable, true);
    for (const field of fields) field.write(at + offsets.get(field.slot)!);
    return at;
  }

  #vtable({
    last,
    tableSize,
    offsets,
  }: {
    readonly last: number;
    readonly tableSize: number;
    readonly offsets: ReadonlyMap<number, number>;
  }): number {
    const words = [last + 2, tableSize];
    for (let slot = 4; slot <= last; slot += 2) words.push(offsets.get(slot) ?? 0);
    const key = words.join();
    const known = this.#vtables.get(key);
    if (known !== undefined) return known;
    const at = this.reserve(2 * words.length, 2);
    for (const [index, word] of words.entries()) this.#view.setUint16(at + 2 * index, word, true);
    this.#vtables.set(key, at);
    return at;
  }

  /** Places the content as a vector of bytes that the offset at `at` points at. */
  placeInside(content: Content, at: number): void {
    this.#placed.push({ content, counted: true, settle: (start) => this.link(at, start - 4) });
  }

  /** Places the content behind the FlatBuffer, and its position, 64 bits wide, at `at`. */
  placeBehind(content: Content, at: number): void {
    this.#placed.push({
      content,
      counted: false,
      settle: (start) => this.#view.setBigUint64(at, BigInt(start), true),
    });
  }

  /** Returns the file. Contents are read now, each once; a content of the wrong size is a LabError. */
  finish(): Uint8Array {
    // What is counted belongs to the FlatBuffer and must come before what lies behind it.
    const placed = [
      ...this.#placed.filter(({ counted }) => counted),
      ...this.#placed.filter((p) => !p.counted),
    ];
    let end = this.#size;
    const starts = placed.map(({ content, counted }) => {
      const start = Math.ceil((end + (counted ? 4 : 0)) / CONTENT_ALIGNMENT) * CONTENT_ALIGNMENT;
      end = start + content.byteLength;
      return start;
    });
    for (const [index, { settle }] of placed.entries()) settle(starts[index]!);
    const file = new Uint8Array(end);
    const view = new DataView(file.buffer);
    file.set(this.#bytes.subarray(0, this.#size));
    for (const [index, { content, counted }] of placed.entries()) {
      const start = starts[index]!;
      const data = content.read();
      if (data.byteLength !== content.byteLength) {
        throw new LabError({
          code: "DATA_SIZE",
          message: `Cannot write a constant: it gave ${data.byteLength} bytes, expected the ${content.byteLength} that it announced`,
        });
      }
      if (counted) view.setUint32(start - 4, data.byteLength, true);
      file.set(data, start);
    }
    return file;
  }
}
