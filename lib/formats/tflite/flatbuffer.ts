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
 * Every reader has the signature `(file, at, path)`, so that readers compose: `vector(4, int32)`. Whatever the
 * bytes, a reader returns a value or throws a DecodeError; no reader leaves the file, follows a cycle, or
 * reads more than the file can honestly refer to.
 */
import { DecodeError } from "../../errors.js";
import type { ByteSource } from "../../source.js";

export type Reader<T> = (file: FlatBuffer, at: number, path: string) => T;

/** Returns the field at a slot of the vtable, or `absent` when the file leaves it out. */
export type Get = <T, A>(slot: number, name: string, read: Reader<T>, absent: A) => T | A;

/** Small files are one page; large ones are read in pages, so that weights stay where they are. */
const WHOLE_FILE_LIMIT = 4 << 20;
const PAGE_SIZE = 16 << 10;

/** A cursor over the bytes of a file. `window` makes bytes visible in `view`, from `start`. */
export class FlatBuffer {
  readonly source: ByteSource;
  readonly size: number;
  /** Where the bytes of the latest `window` call start within the returned view. */
  start = 0;
  readonly #pageSize: number;
  readonly #pages: (DataView | undefined)[] = [];
  /** The page that was read last; the next read is mostly there. */
  #page: DataView = new DataView(new ArrayBuffer(0));
  #base = 0;
  #elementsLeft: number;

  constructor(source: ByteSource) {
    this.source = source;
    this.size = source.size;
    this.#pageSize = source.size <= WHOLE_FILE_LIMIT ? source.size : PAGE_SIZE;
    // Vectors may share bytes, but no writer makes them overlap eight deep; a bomb does.
    this.#elementsLeft = 8 * source.size + 65_536;
  }

  /** Returns a view that holds `length` bytes from `at`; they begin at `this.start`. */
  window(at: number, length: number, path: string): DataView {
    const start = at - this.#base;
    if (start >= 0 && start + length <= this.#page.byteLength) {
      this.start = start;
      return this.#page;
    }
    this.check(at, length, path);
    const index = Math.floor(at / this.#pageSize);
    const base = index * this.#pageSize;
    const end = Math.min(base + this.#pageSize, this.size);
    if (at + length > end) {
      this.start = 0;
      return viewOf(this.source.read(at, length));
    }
    this.#page = this.#pages[index] ??= viewOf(this.source.read(base, end - base));
    this.#base = base;
    this.start = at - base;
    return this.#page;
  }

  /** Throws a DecodeError unless the bytes lie inside the file. */
  check(at: number, length: number, path: string): void {
    if (at < 0 || length < 0 || at + length > this.size) {
      throw new DecodeError({
        code: "OUT_OF_FILE",
        message: `Cannot read ${length} bytes of ${path}: the file ends at byte ${this.size}`,
        hint: "the file is damaged or was cut short; fetch it again",
        offset: at,
        path,
      });
    }
  }

  /** Counts elements read so far, so that no file makes us read the same bytes without end. */
  spend(count: number, at: number, path: string): void {
    this.#elementsLeft -= count;
    if (this.#elementsLeft < 0) {
      throw new DecodeError({
        code: "OVERLAP",
        message: `Cannot read ${path}: its vectors overlap so often that the file of ${this.size} bytes unfolds without bounds`,
        offset: at,
        path,
      });
    }
  }
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

export const int8: Reader<number> = (file, at, path) => file.window(at, 1, path).getInt8(file.start);
export const uint8: Reader<number> = (file, at, path) => file.window(at, 1, path).getUint8(file.start);
export const uint16: Reader<number> = (file, at, path) =>
  file.window(at, 2, path).getUint16(file.start, true);
export const int32: Reader<number> = (file, at, path) => file.window(at, 4, path).getInt32(file.start, true);
export const uint32: Reader<number> = (file, at, path) =>
  file.window(at, 4, path).getUint32(file.start, true);
export const float32: Reader<number> = (file, at, path) =>
  file.window(at, 4, path).getFloat32(file.start, true);
export const bool: Reader<boolean> = (file, at, path) => uint8(file, at, path) !== 0;

/** Returns a 64-bit integer as a number; throws when a number cannot hold it exactly. */
export const int64: Reader<number> = (file, at, path) => {
  const view = file.window(at, 8, path);
  return exactly(view.getInt32(file.start + 4, true) * 2 ** 32 + view.getUint32(file.start, true), at, path);
};
export const uint64: Reader<number> = (file, at, path) => {
  const view = file.window(at, 8, path);
  return exactly(view.getUint32(file.start + 4, true) * 2 ** 32 + view.getUint32(file.start, true), at, path);
};

function exactly(value: number, offset: number, path: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new DecodeError({
    code: "INTEGER_RANGE",
    message: `Cannot use ${path}: it is about ${value}, expected less than 2^53 in size`,
    offset,
    path,
  });
}

/** Follows an unsigned offset; what it points at comes later in the file and has at least four bytes. */
export const follow: Reader<number> = (file, at, path) => {
  const distance = uint32(file, at, path);
  const target = at + distance;
  if (distance >= 4 && target + 4 <= file.size) return target;
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

/** Returns where the elements of a vector lie, without reading them. */
export function extent(stride: number): Reader<Extent> {
  return (file, at, path) => {
    const target = follow(file, at, path);
    const count = uint32(file, target, path);
    file.check(target + 4, count * stride, path);
    return { at: target + 4, count };
  };
}

/** Returns the elements of a vector; they lie `stride` bytes apart. */
export function vector<T>(stride: number, read: Reader<T>): Reader<readonly T[]> {
  const locate = extent(stride);
  return (file, at, path) => {
    const { at: first, count } = locate(file, at, path);
    file.spend(count, at, path);
    const items = new Array<T>(count);
    for (let i = 0; i < count; i++) items[i] = read(file, first + i * stride, path);
    return items;
  };
}

/** Returns the tables that a vector of offsets points at. */
export function tables<T>(read: (get: Get, at: number, path: string) => T): Reader<readonly T[]> {
  const locate = extent(4);
  const readTable = table(read);
  return (file, at, path) => {
    const { at: first, count } = locate(file, at, path);
    file.spend(count, at, path);
    const items = new Array<T>(count);
    for (let i = 0; i < count; i++) items[i] = readTable(file, first + i * 4, `${path}[${i}]`);
    return items;
  };
}

const utf8 = new TextDecoder();
const textExtent = extent(1);

/** Returns a UTF-8 string; ill-formed bytes become U+FFFD, as names may hold anything. */
export const string: Reader<string> = (file, at, path) => {
  const { at: first, count } = textExtent(file, at, path);
  file.spend(count, at, path);
  const view = file.window(first, count, path);
  return utf8.decode(new Uint8Array(view.buffer, view.byteOffset + file.start, count));
};

/** Returns what `read` makes of the table that the offset at `at` points at. */
export function table<T>(read: (get: Get, at: number, path: string) => T): Reader<T> {
  return (file, at, path) => {
    const start = follow(file, at, path);
    return read(fieldsOf(file, start, path), start, path);
  };
}

/** Opens the table at `start`: checks its vtable once, then each field as it is read. */
function fieldsOf(file: FlatBuffer, start: number, path: string): Get {
  const vtable = start - int32(file, start, path);
  const vtableSize = uint16(file, vtable, `${path}.vtable`);
  const tableSize = uint16(file, vtable + 2, `${path}.vtable`);
  if (vtableSize < 4 || tableSize < 4) {
    throw new DecodeError({
      code: "VTABLE",
      message: `Cannot read ${path}: its vtable has ${vtableSize} bytes for a table of ${tableSize}, expected at least 4 each`,
      offset: vtable,
      path,
    });
  }
  file.check(vtable, vtableSize, `${path}.vtable`);
  file.check(start, tableSize, path);
  return (slot, name, read, absent) => {
    if (slot + 2 > vtableSize) return absent;
    const offset = uint16(file, vtable + slot, path);
    if (offset === 0) return absent;
    if (offset < 4 || offset >= tableSize) {
      throw new DecodeError({
        code: "VTABLE",
        message: `Cannot read ${path}.${name}: its vtable puts it at ${offset}, outside of the table of ${tableSize} bytes`,
        offset: vtable + slot,
        path: `${path}.${name}`,
      });
    }
    return read(file, start + offset, path === "" ? name : `${path}.${name}`);
  };
}
