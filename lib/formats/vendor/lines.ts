/** A text read line by line: what has been read, what is refused and where, what nobody asked for. */
import { DecodeError } from "../../errors.js";
import { type Bytes, bytes } from "../../units.js";
import type { Unread } from "./json.js";

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Characters before it. */
  readonly offset: number;
}

export interface LineCursorOptions {
  readonly title: string;
  /** What is read, for messages: `report`. */
  readonly what: string;
  readonly code: string;
}

/** Lines that only draw: `-----  ---`, `=====`, `+----+---+`. */
const DRAWN = /^[\s\-=+]*$/;

const UNITS = { B: 1, kB: 1024, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;
/** Tools print sizes above a kilobyte with three digits after the point. */
const HALF_LAST_DIGIT = 0.0005;

/** A size as a report prints it: rounded to three digits of its unit. */
export interface PrintedSize {
  readonly bytes: Bytes;
  /** How far the size in bytes may lie from it. */
  readonly plusMinus: Bytes;
}

export class LineCursor {
  readonly title: string;
  readonly #what: string;
  readonly #code: string;
  readonly #lines: readonly Line[];
  readonly #unread: Unread[] = [];
  #next = 0;

  constructor(text: string, { title, what, code }: LineCursorOptions) {
    this.title = title;
    this.#what = what;
    this.#code = code;
    let offset = 0;
    this.#lines = text.split("\n").map((raw, index) => {
      const line = { text: raw.replace(/\r$/, ""), number: index + 1, offset };
      offset += raw.length + 1;
      return line;
    });
  }

  /** The line that is next; null at the end. */
  get line(): Line | null {
    return this.#lines[this.#next] ?? null;
  }

  /** Lines that were passed over and are neither empty nor drawn. */
  get unread(): readonly Unread[] {
    return this.#unread;
  }

  /** Passes over the next line and keeps what stands there. */
  pass(): void {
    const { line } = this;
    if (line === null) return;
    this.#next++;
    if (!DRAWN.test(line.text)) this.#unread.push({ path: `line ${line.number}`, value: line.text });
  }

  /** Passes over empty and drawn lines; returns the first that is neither, or null at the end. */
  content(): Line | null {
    while (this.line !== null && DRAWN.test(this.line.text)) this.#next++;
    return this.line;
  }

  /** Takes the next line when it matches; null, and nothing is taken, when it does not. */
  take(pattern: RegExp): RegExpExecArray | null {
    const found = this.line === null ? null : pattern.exec(this.line.text);
    if (found) this.#next++;
    return found;
  }

  /** Takes the next line that says something; throws a DecodeError unless it matches. */
  expect(pattern: RegExp, path: string, expected: string): RegExpExecArray {
    this.content();
    const found = this.take(pattern);
    if (found) return found;
    throw this.refuse(path, expected);
  }

  /** Returns the error about the next line, or about the one before it with `taken`. */
  refuse(path: string, expected: string, found = this.#describe()): DecodeError {
    const line = this.line ?? this.#lines.at(-1)!;
    return new DecodeError({
      code: this.#code,
      message: `Cannot read ${this.#what} '${this.title}': ${path} is ${found}, expected ${expected}`,
      offset: line.offset,
      path,
      place: `line ${line.number}`,
      ...(this.line === null ? { hint: "the file is cut short; fetch or generate it again" } : {}),
    });
  }

  /** Returns a printed whole number: `1,360`. */
  whole(text: string, path: string): number {
    const value = Number(text.replaceAll(",", ""));
    if (/^\d[\d,]*$/.test(text) && Number.isSafeInteger(value)) return value;
    throw this.refuse(path, "a whole number", `'${text}'`);
  }

  /** Returns a printed number with a point. */
  real(text: string, path: string): number {
    const value = Number(text.replaceAll(",", ""));
    if (text !== "" && Number.isFinite(value)) return value;
    throw this.refuse(path, "a number", `'${text}'`);
  }

  /** Returns a printed address: `0x342E0000`. */
  address(text: string, path: string): number {
    const value = Number(text);
    if (Number.isSafeInteger(value)) return value;
    throw this.refuse(path, "an address of at most 53 bits", `'${text}'`);
  }

  /** Returns a printed size: `358.626`, `kB`. */
  size(text: string, unit: string, path: string): PrintedSize {
    const scale = UNITS[unit as keyof typeof UNITS];
    if (scale === undefined) throw this.refuse(path, "a size in B, kB, MB or GB", `'${text} ${unit}'`);
    const value = Math.round(this.real(text, path) * scale);
    if (!Number.isSafeInteger(value) || value < 0) {
      throw this.refuse(path, "the size of a memory", `'${text} ${unit}'`);
    }
    const slack = scale === 1 ? 0 : Math.floor(HALF_LAST_DIGIT * scale + 0.5);
    return { bytes: bytes(value), plusMinus: bytes(slack) };
  }

  #describe(): string {
    const { line } = this;
    if (line === null) return "the end of the file";
    const text = line.text.trim();
    return `'${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`;
  }
}
