/**
 * Strict JSON that remembers where each value stands, so that a complaint about a vendor's file can name the
 * line and column. `JSON.parse` keeps no positions, and its errors often have none either.
 *
 *   {"memory": {"mempools": [            line 1
 *      {"name": "npuRAM5", "size": 448}  line 2
 *   ]}}
 *   locate(["memory", "mempools", 0, "size"]) → line 2, column 32
 */
import { DecodeError } from "../../errors.js";

export type JsonPath = readonly (string | number)[];

export interface Place {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** A part of a document that a record has no field for, as the file holds it. */
export interface Unread {
  /** `memory.mempools[3].prop.burst`, or `line 14` of a text. */
  readonly path: string;
  readonly value: unknown;
}

export interface LocatedJson {
  readonly value: unknown;
  /** Returns where the value at `path` begins; the nearest enclosing value when there is none. */
  locate(path: JsonPath): Place;
  /** Returns the error about the value at `path`: what the file is, which field, how it is, where it stands. */
  refuse(request: RefuseRequest): DecodeError;
}

export interface RefuseRequest {
  readonly code: string;
  /** What was being read: `memory pools`. */
  readonly what: string;
  readonly path: JsonPath;
  /** `is 7, expected …` */
  readonly problem: string;
  readonly hint?: string;
}

/** A parsed value with the offset of its first character; children by key or index. */
interface Located {
  readonly offset: number;
  readonly children: ReadonlyMap<string | number, Located> | null;
}

interface Parsed {
  readonly value: unknown;
  readonly located: Located;
}

/** Vendor files nest five deep; the limit keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 200;

const WHITESPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const LITERALS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** Returns line and column of a character offset. */
function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** Returns a path as people write it: `memory.mempools[0].size`; empty for the document itself. */
export function formatPath(path: JsonPath): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}

export function formatPlace({ line, column }: Place): string {
  return `line ${line}, column ${column}`;
}

class JsonReader {
  #offset = 0;
  readonly #text: string;
  readonly #title: string;

  constructor(text: string, title: string) {
    this.#text = text;
    this.#title = title;
  }

  document(): Parsed {
    const parsed = this.#value(0);
    this.#skipWhitespace();
    if (this.#offset < this.#text.length) throw this.#wrong("the end of the file");
    return parsed;
  }

  #value(depth: number): Parsed {
    this.#skipWhitespace();
    if (depth > MAX_DEPTH) throw this.#wrong(`at most ${MAX_DEPTH} levels of nesting`);
    const offset = this.#offset;
    const leaf = (value: unknown): Parsed => ({ value, located: { offset, children: null } });
    switch (this.#text[offset]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return leaf(this.#string());
      default: {
        for (const [word, value] of LITERALS) {
          if (this.#text.startsWith(word, offset)) {
            this.#offset += word.length;
            return leaf(value);
          }
        }
        const number = this.#match(NUMBER);
        if (number === null) throw this.#wrong("a value");
        return leaf(Number(number));
      }
    }
  }

  #object(depth: number): Parsed {
    const offset = this.#offset++;
    // A null prototype keeps a key named __proto__ an ordinary key.
    const value: Record<string, unknown> = Object.create(null);
    const children = new Map<string, Located>();
    this.#skipWhitespace();
    if (!this.#accept("}")) {
      do {
        this.#skipWhitespace();
        if (this.#text[this.#offset] !== '"') throw this.#wrong("a key in double quotes");
        const keyOffset = this.#offset;
        const key = this.#string();
        if (children.has(key)) {
          this.#offset = keyOffset;
          throw this.#wrong(`each key once; '${key}' is repeated`);
        }
        this.#skipWhitespace();
        if (!this.#accept(":")) throw this.#wrong("':'");
        const member = this.#value(depth + 1);
        value[key] = member.value;
        children.set(key, member.located);
        this.#skipWhitespace();
      } while (this.#accept(","));
      if (!this.#accept("}")) throw this.#wrong("',' or '}'");
    }
    return { value, located: { offset, children } };
  }

  #array(depth: number): Parsed {
    const offset = this.#offset++;
    const value: unknown[] = [];
    const children = new Map<number, Located>();
    this.#skipWhitespace();
    if (!this.#accept("]")) {
      do {
        const item = this.#value(depth + 1);
        children.set(value.length, item.located);
        value.push(item.value);
        this.#skipWhitespace();
      } while (this.#accept(","));
      if (!this.#accept("]")) throw this.#wrong("',' or ']'");
    }
    return { value, located: { offset, children } };
  }

  #string(): string {
    const literal = this.#match(STRING);
    if (literal === null) throw this.#wrong("a string that ends on its line, with valid escapes");
    return JSON.parse(literal) as string;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#offset += found[0].length;
    return found[0];
  }

  #skipWhitespace(): void {
    this.#match(WHITESPACE);
  }

  #accept(character: string): boolean {
    if (this.#text[this.#offset] !== character) return false;
    this.#offset++;
    return true;
  }

  #wrong(expected: string): DecodeError {
    const found = this.#text[this.#offset];
    return new DecodeError({
      code: "JSON",
      message: `Cannot read '${this.#title}' as JSON: found ${found === undefined ? "the end of the file" : JSON.stringify(found)}, expected ${expected}`,
      offset: this.#offset,
      path: "the document",
      place: formatPlace(placeAt(this.#text, this.#offset)),
    });
  }
}

/** Returns the value of strict JSON text with its positions; throws a DecodeError with line and column. */
export function parseJson(text: string, title: string): LocatedJson {
  // Editors on Windows put a byte order mark in front; it is no part of the document.
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const { value, located } = new JsonReader(body, title).document();
  const offsetOf = (path: JsonPath): number => {
    let here = located;
    for (const step of path) {
      const next = here.children?.get(step);
      if (next === undefined) break;
      here = next;
    }
    return here.offset;
  };
  return {
    value,
    locate: (path) => placeAt(body, offsetOf(path)),
    refuse({ code, what, path, problem, hint }) {
      const field = formatPath(path) || "the document";
      const offset = offsetOf(path);
      return new DecodeError({
        code,
        message: `Cannot read ${what} '${title}': ${field} ${problem}`,
        offset,
        path: field,
        place: formatPlace(placeAt(body, offset)),
        ...(hint === undefined ? {} : { hint }),
      });
    },
  };
}
