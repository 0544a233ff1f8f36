/**
 * FlatBuffers, as far as reading needs them. A table starts with a signed offset back to its vtable; the
 * vtable lists, at fixed slots, where in the table each field lies (0: absent). Strings, vectors and tables
 * are reached by unsigned offsets that point forward. A table of two fields, 4: version, 6: name:
 *
 * ```
 * byte  0  10 00 00 00              root: the table is at 16
 *       8  08 00 0c 00 04 00 08 00  vtable: 8 bytes, describes 12; slot 4 → +4, slot 6 → +8
 *      16  08 00 00 00              table: its vtable is 8 bytes back
 *      20  03 00 00 00              version = 3
 *      24  04 00 00 00              name: 4 bytes ahead, at 28
 *      28  02 00 00 00 68 69 00     two bytes, "hi"
 * ```
 *
 * This file reads what stands at a place; table.ts finds the place. Every reader has the signature `(file, at,
 * from)`, so that readers compose: `vector(INT32)`. `from` knows its path, which is put together only when
 * something is wrong. Whatever the bytes, a reader returns a value or throws a DecodeError; no reader leaves the
 * file, follows a cycle, or makes more of the file than a few times its size.
 */
import { DecodeError } from "../../errors.js";
import { type ByteSource, readInto } from "../../source.js";
import { Budget, ELEMENT_COST, LIST_COST } from "../shared/budget.js";
import { Memo } from "../shared/memo.js";
import { decodeText } from "../shared/text.js";

/** Who reads, for messages: a table and the field of it that is being read. */
export interface Where {
  /** `subgraphs[0].tensors[3]`; empty for the root. */
  readonly path: string;
  /** `name`; empty where it is the table itself. */
  readonly field: string;
}

export type Reader<T> = (file: FlatBuffer, at: number, from: Where) => T;

/** Returns the path of what is being read. The root has no name in the file. */
export function placeOf({ path, field }: Where): string {
  if (path === "") return field || "model";
  return field === "" ? path : `${path}.${field}`;
}

/** Small files are in memory whole; of large ones, pages are, so that weights stay where they are. */
const WHOLE_FILE_LIMIT = 4 << 20;
const PAGE_SIZE = 4 << 10;
/** A page goes on for so many bytes into the next, so that few fields and lists lie across its end. */
const OVERLAP = 256;
/** Pages share their memory: one allocation for so many. */
const PAGES_PER_SLAB = 64;

/** What a text costs besides its bytes, in bytes of the heap. */
const TEXT_COST = 24;

/** Bytes in memory: `bytes[n]` is byte `base + n` of the file. */
interface Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: number;
}

function pageOf(bytes: Uint8Array, base: number): Page {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), base };
}

/** The bytes of a file and the page of them that was looked at last. */
export class FlatBuffer {
  readonly source: ByteSource;
  readonly size: number;
  /** The page: bytes `base` up to `end` of the file. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  base = 0;
  end = 0;
  /** Lists that recur: shapes, zero points. */
  readonly shapes = new Memo<readonly number[]>();
  readonly zeroPoints = new Memo<readonly number[]>();
  readonly #pages = new Map<number, Page>();
  #slab = new Uint8Array(0);
  #slabUsed = 0;
  readonly #budget: Budget;

  constructor(source: ByteSource) {
    this.source = source;
    this.size = source.size;
    this.#budget = new Budget(source.size);
    const whole = source.bytes ?? (source.size <= WHOLE_FILE_LIMIT ? source.read(0, source.size) : null);
    if (whole) this.#turnTo(pageOf(whole, 0));
  }

  /** Returns where byte `at` lies in `bytes` and `view`, once `length` bytes from there are in memory. */
  show(at: number, length: number, from: Where): number {
    if (at >= this.base && at + length <= this.end) return at - this.base;
    return this.#load(at, length, from);
  }

  /** Throws a DecodeError unless the bytes lie inside the file. */
  check(at: number, length: number, from: Where): void {
    if (at < 0 || length < 0 || at + length > this.size) {
      const path = placeOf(from);
      throw new DecodeError({
        code: "OUT_OF_FILE",
        message: `Cannot read ${length} bytes of ${path}: the file ends at byte ${this.size}`,
        hint: "the file is damaged or was cut short; fetch it again",
        offset: at,
        path,
      });
    }
  }

  /** Counts the memory that the decoded file takes, so that no file unfolds into much more than it is. */
  spend(cost: number, at: number, from: Where): void {
    if (!this.#budget.take(cost)) throw this.#budget.exceeded({ start: at, path: placeOf(from) });
  }

  #turnTo({ bytes, view, base }: Page): void {
    this.bytes = bytes;
    this.view = view;
    this.base = base;
    this.end = base + bytes.length;
  }

  #load(at: number, length: number, from: Where): number {
    this.check(at, length, from);
    const index = Math.floor(at / PAGE_SIZE);
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = this.#readPage(index * PAGE_SIZE);
      this.#pages.set(index, page);
    }
    // What does not fit into a page is rare and long: a list of its own, read once.
    if (at + length > page.base + page.bytes.length) page = pageOf(this.source.read(at, length), at);
    this.#turnTo(page);
    return at - page.base;
  }

  #readPage(base: number): Page {
    const length = Math.min(PAGE_SIZE + OVERLAP, this.size - base);
    if (this.#slabUsed + length > this.#slab.length) {
      this.#slab = new Uint8Array(PAGES_PER_SLAB * (PAGE_SIZE + OVERLAP));
      this.#slabUsed = 0;
    }
    const bytes = this.#slab.subarray(this.#slabUsed, this.#slabUsed + length);
    this.#slabUsed += length;
    readInto(this.source, base, bytes);
    return pageOf(bytes, base);
  }
}

/** A value of fixed size, as it is taken out of the page that shows it. */
export interface Scalar<T> {
  readonly size: 1 | 2 | 4 | 8;
  take(view: DataView, at: number): T;
}

export const INT8: Scalar<number> = { size: 1, take: (view, at) => view.getInt8(at) };
export const UINT8: Scalar<number> = { size: 1, take: (view, at) => view.getUint8(at) };
export const BOOL: Scalar<boolean> = { size: 1, take: (view, at) => view.getUint8(at) !== 0 };
export const UINT16: Scalar<number> = { size: 2, take: (view, at) => view.getUint16(at, true) };
export const INT32: Scalar<number> = { size: 4, take: (view, at) => view.getInt32(at, true) };
export const UINT32: Scalar<number> = { size: 4, take: (view, at) => view.getUint32(at, true) };
export const FLOAT32: Scalar<number> = { size: 4, take: (view, at) => view.getFloat32(at, true) };
/** 64-bit integers as numbers; `wide` and `wides` refuse those that a number cannot hold exactly. */
export const INT64: Scalar<number> = {
  size: 8,
  take: (view, at) => view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
};
export const UINT64: Scalar<number> = {
  size: 8,
  take: (view, at) => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
};

/** Returns the reader of one value. */
export function scalar<T>({ size, take }: Scalar<T>): Reader<T> {
  return (file, at, from) => {
    const start = file.show(at, size, from);
    return take(file.view, start);
  };
}

/** Returns the reader of a 64-bit integer; it throws when a number cannot hold it exactly. */
export function wide(kind: Scalar<number>): Reader<number> {
  const read = scalar(kind);
  return (file, at, from) => exactly(read(file, at, from), at, from);
}

function exactly(value: number, offset: number, from: Where): number {
  if (Number.isSafeInteger(value)) return value;
  const path = placeOf(from);
  throw new DecodeError({
    code: "INTEGER_RANGE",
    message: `Cannot use ${path}: it is about ${value}, expected less than 2^53 in size`,
    offset,
    path,
  });
}

function uint32At(file: FlatBuffer, at: number, from: Where): number {
  const start = file.show(at, 4, from);
  return file.view.getUint32(start, true);
}

/** Follows an unsigned offset; what it points at comes later in the file and has at least four bytes. */
export const follow: Reader<number> = (file, at, from) => {
  const distance = uint32At(file, at, from);
  const target = at + distance;
  if (distance >= 4 && target + 4 <= file.size) return target;
  const path = placeOf(from);
  throw new DecodeError({
    code: "OFFSET",
    message: `Cannot follow ${path}: it points ${distance} bytes ahead, expected at least 4 and a target before byte ${file.size - 3}`,
    hint: "the file is damaged or was cut short; fetch it again",
    offset: at,
    path,
  });
};

export interface Extent {
  /** Byte at which the elements start. */
  readonly at: number;
  /** Number of elements. */
  readonly count: number;
}

/** Returns the reader of where the elements of a vector lie; it does not read them. */
export function extent(stride: number): Reader<Extent> {
  return (file, at, from) => {
    const first = follow(file, at, from) + 4;
    const count = uint32At(file, first - 4, from);
    file.check(first, count * stride, from);
    return { at: first, count };
  };
}

/** Returns the reader of a vector whose elements stand side by side. */
export function vector<T>({ size, take }: Scalar<T>): Reader<readonly T[]> {
  return (file, at, from) => {
    const first = follow(file, at, from) + 4;
    const count = uint32At(file, first - 4, from);
    file.check(first, count * size, from);
    file.spend(LIST_COST + ELEMENT_COST * count, at, from);
    const start = file.show(first, count * size, from);
    const { view } = file;
    const items = new Array<T>(count);
    for (let index = 0; index < count; index++) items[index] = take(view, start + index * size);
    return items;
  };
}

/** Returns the reader of a vector of 64-bit integers, each of which a number must hold exactly. */
export function wides(kind: Scalar<number>): Reader<readonly number[]> {
  const read = vector(kind);
  return (file, at, from) => {
    const items = read(file, at, from);
    for (const item of items) exactly(item, at, from);
    return items;
  };
}

/** Returns a reader like `read`, for which lists of the same bytes are one list as long as `memo` knows it. */
export function recurring<T>(
  read: Reader<readonly T[]>,
  { size, memo }: { readonly size: number; readonly memo: (file: FlatBuffer) => Memo<readonly T[]> },
): Reader<readonly T[]> {
  return (file, at, from) => {
    const first = follow(file, at, from) + 4;
    const length = size * uint32At(file, first - 4, from);
    const start = file.show(first, length, from);
    const { bytes } = file;
    const known = memo(file);
    const end = start + length;
    return known.recall(bytes, start, end) ?? known.remember(bytes, start, end, read(file, at, from));
  };
}

/** Returns a UTF-8 string; ill-formed bytes become U+FFFD, as names may hold anything. */
export const text: Reader<string> = (file, at, from) => {
  const first = follow(file, at, from) + 4;
  const count = uint32At(file, first - 4, from);
  file.check(first, count, from);
  file.spend(TEXT_COST + count, at, from);
  const start = file.show(first, count, from);
  return decodeText(file.bytes, start, start + count);
};
