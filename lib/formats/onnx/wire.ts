/**
 * Protocol buffers, as far as reading needs them. A message is a run of fields; each starts with a tag,
 * (number << 3) | wire type, and its value follows: a varint (0), eight bytes (1), a length and that many
 * bytes (2), or four bytes (5). The message `08 08 3a 02 12 00` says: field 1 is 8; field 7 has two bytes,
 * themselves a message whose field 2 is an empty string.
 *
 * A `Message` is a cursor over one of them. It reads through a window on the file, so that a model opens
 * without its weights: a field that is not asked for is stepped over. Whatever the bytes, a call returns a
 * value or throws a DecodeError that says the byte and the field. Bytes are read by protobufjs' Reader.
 */
import protobuf from "protobufjs/minimal.js";
import { DecodeError } from "../../errors.js";
import type { ByteSource } from "../../source.js";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Small files are one window; larger ones are read as the cursor moves. */
const WHOLE_FILE_LIMIT = 4 << 20;
const WINDOW = 64 << 10;
/** The longest varint. */
const VARINT_BYTES = 10;

export interface Extent {
  readonly at: number;
  readonly length: number;
}

/** The bytes of a file and the window of them that is in memory. */
export class WireFile {
  readonly source: ByteSource;
  /** Byte of the file at which `reader` starts. */
  base = 0;
  reader: protobuf.Reader;
  readonly #whole: boolean;

  constructor(source: ByteSource) {
    this.source = source;
    this.#whole = source.size <= WHOLE_FILE_LIMIT;
    this.reader = this.#open(0, this.#whole ? source.size : Math.min(WINDOW, source.size));
  }

  /** Returns a reader at `at` that sees `length` bytes from there, or all up to the end of the file. */
  seek(at: number, length: number): protobuf.Reader {
    const end = Math.min(at + length, this.source.size);
    if (!this.#whole && (at < this.base || end > this.base + this.reader.len)) {
      this.reader = this.#open(at, Math.min(Math.max(end - at, WINDOW), this.source.size - at));
    }
    this.reader.pos = at - this.base;
    return this.reader;
  }

  #open(at: number, length: number): protobuf.Reader {
    this.base = at;
    const data = this.source.read(at, length);
    // Not Reader.create: given a Buffer it would make strings Node's way, which differ on ill-formed UTF-8.
    return new protobuf.Reader(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}

const utf8 = new TextDecoder();
/** Up to here, putting characters together beats the decoder's fixed cost. */
const SHORT_TEXT = 64;

/** Returns UTF-8 as text; ill-formed bytes become U+FFFD. Most names are short and ASCII. */
function decodeText(data: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_TEXT) {
    let text = "";
    let at = start;
    while (at < end && data[at]! < 0x80) text += String.fromCharCode(data[at++]!);
    if (at === end) return text;
  }
  return utf8.decode(data.subarray(start, end));
}

/** A cursor over the fields of one message: `while (message.next()) switch (message.field) …`. */
export class Message {
  readonly file: WireFile;
  readonly start: number;
  readonly end: number;
  /** Number and wire type of the current field. */
  field = 0;
  wire = 0;
  readonly #parent: Message | null;
  readonly #name: string;
  /** Place among fields of the same name; −1 where there is one. */
  readonly #index: number;
  #at: number;
  /** Whether the value of the current field is still ahead. */
  #pending = false;

  constructor({
    file,
    start = 0,
    end = file.source.size,
    parent = null,
    name = "",
    index = -1,
  }: {
    readonly file: WireFile;
    readonly start?: number;
    readonly end?: number;
    readonly parent?: Message | null;
    readonly name?: string;
    readonly index?: number;
  }) {
    this.file = file;
    this.start = start;
    this.end = end;
    this.#at = start;
    this.#parent = parent;
    this.#name = name;
    this.#index = index;
  }

  /** Where the message is, as errors name it: `graph.node[12].attribute[3]`. */
  get path(): string {
    const outer = this.#parent?.path ?? "";
    const own = this.#index < 0 ? this.#name : `${this.#name}[${this.#index}]`;
    return outer === "" ? own : `${outer}.${own}`;
  }

  /** Returns a fresh cursor over the same message. */
  again(): Message {
    const { file, start, end } = this;
    return new Message({ file, start, end, parent: this.#parent, name: this.#name, index: this.#index });
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#pending) this.#skip();
    if (this.#at >= this.end) return false;
    const tag = this.#varint32();
    this.field = tag >>> 3;
    this.wire = tag & 7;
    if (this.field === 0) throw this.broken("a field has the number 0, expected 1 or more");
    this.#pending = true;
    return true;
  }

  /** Returns the current field as an integer; beyond ±(2^53 − 1) it is clamped there. */
  int64(): number {
    this.#expect(WIRE.varint);
    return this.#varint64();
  }

  /** Returns the current field as a 32-bit unsigned integer: an enumeration, a version. */
  uint32(): number {
    this.#expect(WIRE.varint);
    return this.#varint32();
  }

  float32(): number {
    this.#expect(WIRE.fixed32);
    return this.#float32();
  }

  string(): string {
    const { at, length } = this.extent();
    const { buf, pos } = this.file.seek(at, length);
    return decodeText(buf, pos, pos + length);
  }

  /** Returns where the bytes of the current field are, and steps over them. */
  extent(): Extent {
    this.#expect(WIRE.bytes);
    const length = this.#varint32();
    const at = this.#at;
    this.#advance(length);
    return { at, length };
  }

  /** Returns where the value of the current field is, without a length before it, and steps over it. */
  value(): Extent {
    if (this.wire === WIRE.bytes) return this.extent();
    const at = this.#at;
    this.#skip();
    return { at, length: this.#at - at };
  }

  /** Returns a cursor over the message in the current field; `index` tells repeated fields apart. */
  message(name: string, index?: number): Message {
    return this.open(this.extent(), name, index);
  }

  /** Returns a cursor over a message inside of this one, at a place that `extent` gave. */
  open({ at, length }: Extent, name: string, index = -1): Message {
    return new Message({ file: this.file, start: at, end: at + length, parent: this, name, index });
  }

  /** Adds the current field of a repeated number to `values`; the file may pack many into one field. */
  int64s(values: number[]): void {
    this.#repeated(WIRE.varint, () => values.push(this.#varint64()));
  }

  float32s(values: number[]): void {
    this.#repeated(WIRE.fixed32, () => values.push(this.#float32()));
  }

  /** Returns an error at the cursor. */
  broken(why: string, cause?: unknown): DecodeError {
    const path = this.path || "model";
    return new DecodeError({
      code: "PROTOBUF",
      message: `Cannot read ${path}: ${why}`,
      hint: "the file is damaged, was cut short, or is no ONNX model",
      offset: this.#at,
      path,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  #repeated(wire: number, read: () => void): void {
    if (this.wire === wire) {
      this.#expect(wire);
      read();
      return;
    }
    const { at, length } = this.extent();
    const end = this.#at;
    this.#at = at;
    while (this.#at < at + length) read();
    if (this.#at !== end) throw this.broken("a packed list ends inside of a number");
  }

  #expect(wire: number): void {
    if (this.wire !== wire) {
      throw this.broken(`field ${this.field} has wire type ${this.wire}, expected ${wire}`);
    }
    this.#pending = false;
  }

  #skip(): void {
    this.#pending = false;
    switch (this.wire) {
      case WIRE.varint:
        this.#varint64();
        return;
      case WIRE.fixed64:
        this.#advance(8);
        return;
      case WIRE.bytes:
        this.#advance(this.#varint32());
        return;
      case WIRE.fixed32:
        this.#advance(4);
        return;
      default:
        throw this.broken(`field ${this.field} has wire type ${this.wire}, expected 0, 1, 2 or 5`);
    }
  }

  #advance(length: number): void {
    if (this.#at + length > this.end) {
      throw this.broken(
        `field ${this.field} takes ${length} bytes, expected at most ${this.end - this.#at} to the end of the message`,
      );
    }
    this.#at += length;
  }

  /** Returns a varint of one byte, as most are; −1 for longer ones. */
  #shortVarint({ buf, pos }: protobuf.Reader): number {
    const byte = this.#at < this.end ? (buf[pos] ?? 0xff) : 0xff;
    if (byte >= 0x80) return -1;
    this.#at += 1;
    return byte;
  }

  #varint32(): number {
    const reader = this.file.seek(this.#at, VARINT_BYTES);
    const short = this.#shortVarint(reader);
    if (short >= 0) return short;
    try {
      const value = reader.uint32();
      this.#arrive(reader);
      return value;
    } catch (cause) {
      throw cause instanceof DecodeError ? cause : this.broken("a number does not end", cause);
    }
  }

  #varint64(): number {
    const reader = this.file.seek(this.#at, VARINT_BYTES);
    const short = this.#shortVarint(reader);
    if (short >= 0) return short;
    try {
      // Long where the host has the package, a number elsewhere.
      const value: number | { readonly low: number; readonly high: number } = reader.int64();
      this.#arrive(reader);
      const number = typeof value === "number" ? value : value.high * 2 ** 32 + (value.low >>> 0);
      return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
    } catch (cause) {
      throw cause instanceof DecodeError ? cause : this.broken("a number does not end", cause);
    }
  }

  #float32(): number {
    const at = this.#at;
    this.#advance(4);
    return this.file.seek(at, 4).float();
  }

  #arrive(reader: protobuf.Reader): void {
    const at = this.file.base + reader.pos;
    if (at > this.end) throw this.broken("a number reaches over the end of the message");
    this.#at = at;
  }
}
