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
import { DecodeError, LabError } from "../../errors.js";
import { type ByteSource, readInto } from "../../source.js";
import { Budget } from "../shared/budget.js";
import { GROWING_COST, NAME_COST, TEXT_COST } from "./costs.js";
import { Interner } from "./interner.js";
import { decodeText } from "./text.js";
import { TextStore } from "./text-store.js";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Bytes of a large file that are in memory at a time: few after a jump, as a constant's header has, then more. */
const SMALLEST_WINDOW = 4 << 10;
const LARGEST_WINDOW = 256 << 10;
/** The longest varint. */
const VARINT_BYTES = 10;
/** Bytes from here on say that the varint goes on. */
const LONG = 0x80;

export interface Extent {
  readonly at: number;
  readonly length: number;
}

/** The bytes of a file and the window of them that is in memory. */
export class WireFile {
  readonly source: ByteSource;
  /** How much memory the file may take yet. */
  readonly budget: Budget;
  /** Names of values in the file by number; 0 is the empty one. */
  readonly names = new Interner();
  /** Texts that hardly repeat, names of nodes; 0 is the empty one. */
  readonly texts = new TextStore();
  /** Operators and domains: so few that their table stays in the cache. */
  readonly #keywords = new Interner();
  readonly #keywordTexts: (string | undefined)[] = [];
  /** The window: `bytes[n]` is byte `base + n` of the file, up to its byte `end`. */
  bytes: Uint8Array;
  /** The same bytes, four at a time. */
  view: DataView;
  base = 0;
  end = 0;
  #size = SMALLEST_WINDOW;
  #reader: protobuf.Reader;

  constructor(source: ByteSource) {
    this.source = source;
    this.budget = new Budget(source.size);
    this.bytes = source.bytes ?? new Uint8Array(0);
    if (source.bytes) this.end = source.size;
    this.#reader = new protobuf.Reader(this.bytes);
    this.view = viewOf(this.bytes);
    this.names.number(this.view, 0, 0);
    this.texts.add(this.view, 0, 0);
  }

  /** Makes `length` bytes from `at` visible, or all up to the end of the file. */
  show(at: number, length: number): void {
    const left = this.source.size - at;
    if (at >= this.base && at + Math.min(length, left) <= this.end) return;
    const goesOn = at >= this.base && at <= this.end;
    this.#size = goesOn ? Math.min(2 * this.#size, LARGEST_WINDOW) : SMALLEST_WINDOW;
    const size = Math.min(Math.max(length, this.#size), left);
    // What a window held is texts and numbers by now: its memory serves again.
    if (size > this.bytes.length) {
      this.bytes = new Uint8Array(size);
      this.view = viewOf(this.bytes);
    }
    readInto(this.source, at, this.bytes.subarray(0, size));
    this.base = at;
    this.end = at + size;
  }

  /** How many keywords it has seen. */
  get keywords(): number {
    return this.#keywords.count;
  }

  /** Returns the text in bytes [start, end) of the window, one of few. */
  keyword(start: number, end: number): string {
    const entry = this.#keywords.number(this.view, start, end);
    const made = this.#keywordTexts[entry];
    if (made !== undefined) return made;
    const text = this.#keywords.text(entry);
    this.#keywordTexts[entry] = text;
    return text;
  }

  /** Returns a reader of the varint at `at`. */
  readerAt(at: number): protobuf.Reader {
    this.show(at, VARINT_BYTES);
    // Not Reader.create: given a Buffer it would take Node's way, which differs.
    if (this.#reader.buf !== this.bytes) this.#reader = new protobuf.Reader(this.bytes);
    this.#reader.pos = at - this.base;
    this.#reader.len = this.end - this.base;
    return this.#reader;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A cursor over the fields of one message: `while (message.next()) switch (message.field) …`. */
export class Message {
  readonly file: WireFile;
  // Zeros first: V8 then stores these as small integers, without a box or a check of what they are.
  start = 0;
  end = 0;
  /** Number and wire type of the current field. */
  field = 0;
  wire = 0;
  readonly #parent: Message | null;
  readonly #name: string;
  /** Place among fields of the same name; −1 where there is one. */
  #index = -1;
  #at = 0;
  /** Where the current field begins, its tag included. */
  #fieldAt = 0;
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
    this.#fieldAt = start;
    this.#parent = parent;
    this.#name = name;
    this.#index = index;
  }

  /** Where the message is, as errors name it: `graph.node[12].attribute[3]`. */
  get path(): string {
    const outer = this.#parent?.path ?? "";
    const own = this.#index < 0 ? this.#name : `${this.#name}[${this.#index}]`;
    return outer === "" || own === "" ? outer + own : `${outer}.${own}`;
  }

  /** Returns a fresh cursor over the same message. */
  again(): Message {
    const { file, start, end } = this;
    return new Message({ file, start, end, parent: this.#parent, name: this.#name, index: this.#index });
  }

  /** Returns a cursor over the same message whose place stays when the lists around it move on. */
  held(): Message {
    const { file, start, end } = this;
    const parent = this.#parent?.held() ?? null;
    return new Message({ file, start, end, parent, name: this.#name, index: this.#index });
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#pending) this.#skip();
    const at = this.#at;
    if (at >= this.end) return false;
    this.#fieldAt = at;
    const { file } = this;
    let tag = at >= file.base && at < file.end ? file.bytes[at - file.base]! : LONG;
    if (tag < LONG) this.#at = at + 1;
    else tag = this.#varint32();
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
    const start = this.#text();
    const length = this.#at - this.file.base - start;
    if (length > 0) this.spend(TEXT_COST + length);
    return decodeText(this.file.bytes, start, this.#at - this.file.base);
  }

  /** Returns the number of the name in the current field; `file.names` has its text. `place`: see PLACE. */
  name(place: number): number {
    const start = this.#text();
    const { names, view, base } = this.file;
    const known = names.count;
    const name = names.numberAt(place, view, start, this.#at - base);
    if (name === known) this.spend(NAME_COST);
    return name;
  }

  /** Returns the number of the text in the current field, one that hardly repeats; `file.texts` has it. */
  lateText(): number {
    const start = this.#text();
    const { texts, view, base } = this.file;
    if (start + base === this.#at) return 0;
    return texts.add(view, start, this.#at - base);
  }

  /** Returns a text that the file repeats: an operator, a domain. */
  keyword(): string {
    const start = this.#text();
    const { file } = this;
    const known = file.keywords;
    const text = file.keyword(start, this.#at - file.base);
    if (file.keywords > known) this.spend(NAME_COST + TEXT_COST + text.length);
    return text;
  }

  /** Returns where the bytes of the current field are, and steps over them. */
  extent(): Extent {
    const length = this.#enter();
    const at = this.#at;
    this.#advance(length);
    return { at, length };
  }

  /** Returns where the current field and those of its number right after it lie, and steps over them. */
  run(): Extent {
    const { field } = this;
    const at = this.#fieldAt;
    while (this.next() && this.field === field);
    if (this.#pending) {
      this.#at = this.#fieldAt;
      this.#pending = false;
    }
    return { at, length: this.#at - at };
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

  /** Returns a cursor for all messages of a list inside of this one, one after another: `moveTo`, `enter`. */
  list(name: string): Message {
    return new Message({ file: this.file, start: this.start, end: this.start, parent: this, name });
  }

  /** Moves the cursor of a list to the message in the current field. */
  enter(list: Message, index: number): void {
    const length = this.#enter();
    const at = this.#at;
    this.#advance(length);
    list.moveTo(at, length, index);
  }

  /** Moves the cursor to message `index` of its list. */
  moveTo(at: number, length: number, index: number): void {
    this.start = at;
    this.end = at + length;
    this.#at = at;
    this.#fieldAt = at;
    this.#index = index;
    this.#pending = false;
  }

  /** Adds the current field of a repeated number to `values`; the file may pack many into one field. */
  int64s(values: number[]): void {
    this.#repeated(WIRE.varint, () => {
      this.spend(GROWING_COST);
      values.push(this.#varint64());
    });
  }

  float32s(values: number[]): void {
    this.#repeated(WIRE.fixed32, () => {
      this.spend(GROWING_COST);
      values.push(this.#float32());
    });
  }

  /** Counts the memory that something of the message takes; throws a DecodeError when the file takes too much. */
  spend(cost: number): void {
    const { budget } = this.file;
    if (!budget.take(cost)) throw budget.exceeded(this);
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
        this.#advance(this.#length());
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

  /** Moves to the bytes of the current field and returns how many they are. */
  #enter(): number {
    this.#expect(WIRE.bytes);
    return this.#length();
  }

  /** Steps over a text and returns where in the window it begins; all of it is there. */
  #text(): number {
    const length = this.#enter();
    const at = this.#at;
    this.#advance(length);
    const { file } = this;
    if (at < file.base || at + length > file.end) file.show(at, length);
    return at - file.base;
  }

  /** Returns a varint of one byte, as most are; −1 for longer ones. */
  #byte(): number {
    const { file } = this;
    const at = this.#at;
    if (at >= this.end) return -1;
    if (at < file.base || at >= file.end) file.show(at, VARINT_BYTES);
    const byte = file.bytes[at - file.base]!;
    if (byte >= LONG) return -1;
    this.#at = at + 1;
    return byte;
  }

  #varint32(): number {
    const byte = this.#byte();
    if (byte >= 0) return byte;
    try {
      const reader = this.file.readerAt(this.#at);
      const value = reader.uint32();
      this.#arrive(reader);
      return value;
    } catch (cause) {
      throw cause instanceof LabError ? cause : this.broken("a number does not end", cause);
    }
  }

  #varint64(): number {
    const byte = this.#byte();
    if (byte >= 0) return byte;
    try {
      // Long where the host has the package, a number elsewhere.
      const reader = this.file.readerAt(this.#at);
      const value: number | { readonly low: number; readonly high: number } = reader.int64();
      this.#arrive(reader);
      const number = typeof value === "number" ? value : value.high * 2 ** 32 + (value.low >>> 0);
      return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
    } catch (cause) {
      throw cause instanceof LabError ? cause : this.broken("a number does not end", cause);
    }
  }

  /** Returns a length; files over 4 GiB have some beyond 32 bits. */
  #length(): number {
    const { file, end } = this;
    const at = this.#at;
    // One byte, as names have, or two, as nodes and constants.
    if (at + 1 < end && at >= file.base && at + 1 < file.end) {
      const low = file.bytes[at - file.base]!;
      if (low < LONG) {
        this.#at = at + 1;
        return low;
      }
      const high = file.bytes[at - file.base + 1]!;
      if (high < LONG) {
        this.#at = at + 2;
        return (low & 0x7f) | (high << 7);
      }
    }
    const length = this.#varint64();
    if (length < 0) return Number.MAX_SAFE_INTEGER;
    // A number that was computed as a float stays one for V8, and slows all that it is added to.
    return length < 2 ** 31 ? length | 0 : length;
  }

  #float32(): number {
    const at = this.#at;
    this.#advance(4);
    return this.file.readerAt(at).float();
  }

  #arrive(reader: protobuf.Reader): void {
    const at = this.file.base + reader.pos;
    if (at > this.end) throw this.broken("a number reaches over the end of the message");
    this.#at = at;
  }
}
