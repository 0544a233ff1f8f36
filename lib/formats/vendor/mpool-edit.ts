/**
 * Changes values of a memory pool file and leaves every other character as it is: spaces, order of keys, spelling
 * of numbers.
 *
 *   "size":   { "value": "61",  "magnitude": "MBYTES" }     editMpool(text, "octoFlash", { sizeBytes: 0 })
 *   "size":   { "value": "0",   "magnitude": "MBYTES" }
 */
import { LabError } from "../../errors.js";
import { type JsonPath, type LocatedJson, parseJson } from "./json.js";
import { type Magnitude, type PoolRecord, readMpool, type SpeedClass } from "./mpool.js";

/** What can be changed of a pool; what is left out stays. */
export interface PoolEdit {
  readonly sizeBytes?: number;
  readonly offset?: number;
  readonly rights?: "read" | "write";
  readonly mode?: "absolute" | "relative";
  readonly cacheable?: boolean;
  readonly constantsPreferred?: boolean;
  readonly throughput?: SpeedClass;
  readonly latency?: SpeedClass;
}

const UNIT: Readonly<Record<Magnitude, number>> = { BYTES: 1, KBYTES: 1024, MBYTES: 1024 * 1024 };
const LITERAL = /"(?:[^"\\]|\\.)*"|[^\s,}\]]+/y;
const MARK = "\uFEFF";

/** A stretch of the text and what takes its place. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

class PoolText {
  readonly #text: string;
  readonly #json: LocatedJson;
  readonly #lineStarts: readonly number[];

  constructor(text: string, title: string) {
    this.#text = text;
    this.#json = parseJson(text, title);
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  valueAt(path: JsonPath): unknown {
    return path.reduce<unknown>(
      (value, step) => (value as Record<string | number, unknown>)?.[step],
      this.#json.value,
    );
  }

  /** Returns where the string, number or word at `path` stands. */
  span(path: JsonPath): { readonly from: number; readonly to: number } {
    const { line, column } = this.#json.locate(path);
    const from = this.#lineStarts[line - 1]! + column - 1;
    LITERAL.lastIndex = from;
    return { from, to: from + LITERAL.exec(this.#text)![0].length };
  }

  /** Returns the change that makes the literal at `path` say `value`, in quotes if it was in quotes. */
  replaced(path: JsonPath, value: string): Splice {
    const span = this.span(path);
    const quoted = this.#text[span.from] === '"';
    return { ...span, text: quoted ? JSON.stringify(value) : value };
  }

  /** Returns the change that adds a key behind the literal at `path`. */
  added(path: JsonPath, key: string, value: string): Splice {
    const { to } = this.span(path);
    return { from: to, to, text: `, ${JSON.stringify(key)}: ${JSON.stringify(value)}` };
  }
}

/** Returns a size in the unit of the file if it is whole in it, else in bytes. */
function quantity(value: number, magnitude: Magnitude): { value: number; magnitude: Magnitude } {
  const unit = UNIT[magnitude];
  return value % unit === 0 ? { value: value / unit, magnitude } : { value, magnitude: "BYTES" };
}

/** Returns a number as the file spells numbers there: hexadecimal, in its case and width, or decimal. */
function spelled(value: number, like: unknown): string {
  const hex = /^0([xX])([0-9a-fA-F]+)$/.exec(String(like));
  if (!hex) return String(value);
  const digits = value.toString(16).padStart(hex[2]!.length, "0");
  return `0${hex[1]}${/[a-f]/.test(hex[2]!) ? digits : digits.toUpperCase()}`;
}

function splicesOf(
  text: PoolText,
  index: number,
  { edit, pool }: { edit: PoolEdit; pool: PoolRecord },
): Splice[] {
  const at = (...steps: (string | number)[]): JsonPath => ["memory", "mempools", index, ...steps];
  const splices: Splice[] = [];
  const number = (key: "size" | "offset", wanted: number | undefined, now: number | null) => {
    if (wanted === undefined || wanted === now) return;
    const unit = text.valueAt(at(key, "magnitude")) as Magnitude;
    const { value, magnitude } = quantity(wanted, unit);
    splices.push(text.replaced(at(key, "value"), spelled(value, text.valueAt(at(key, "value")))));
    if (magnitude !== unit) splices.push(text.replaced(at(key, "magnitude"), magnitude));
  };
  number("size", edit.sizeBytes, pool.sizeBytes);
  number("offset", edit.offset, pool.offset);
  const word = (
    keys: readonly string[],
    wanted: string | undefined,
    now: string,
    parent: readonly string[] = ["prop"],
  ) => {
    if (wanted === undefined || wanted === now) return;
    const key = keys.find((name) => text.valueAt(at(...parent, name)) !== undefined);
    if (key !== undefined) splices.push(text.replaced(at(...parent, key), wanted));
    else splices.push(text.added(parent.length > 0 ? at("prop", "rights") : at("fformat"), keys[0]!, wanted));
  };
  const rights = (value: "read" | "write") => (value === "read" ? "ACC_READ" : "ACC_WRITE");
  const cache = (value: boolean) => (value ? "CACHEABLE_ON" : "CACHEABLE_OFF");
  const mode = (value: "absolute" | "relative") =>
    value === "absolute" ? "USEMODE_ABSOLUTE" : "USEMODE_RELATIVE";
  const mapped = <T>(value: T | undefined, name: (value: T) => string) =>
    value === undefined ? undefined : name(value);
  word(["rights"], mapped(edit.rights, rights), rights(pool.rights));
  word(["throughput"], edit.throughput, pool.throughput);
  word(["latency"], edit.latency, pool.latency);
  word(["cacheable"], mapped(edit.cacheable, cache), cache(pool.cacheable));
  word(
    ["constants_preferred", "constantsPreferred"],
    mapped(edit.constantsPreferred, String),
    String(pool.constantsPreferred),
  );
  word(["mode"], mapped(edit.mode, mode), mode(pool.mode), []);
  return splices;
}

/**
 * Returns the text of a memory pool file with one pool changed, every other character as it was; the same text
 * when the pool already says so. The result is read back before it is handed out. Throws a LabError for a name
 * that the file does not have, or has twice, and for impossible sizes and addresses.
 */
export function editMpool(text: string, name: string, edit: PoolEdit, title = "memory pools"): string {
  const { pools } = readMpool(text, title);
  const refuse = (problem: string, hint?: string) =>
    new LabError({
      code: "MPOOL_EDIT",
      message: `Cannot edit '${title}': ${problem}`,
      ...(hint && { hint }),
    });
  const found = pools.filter((pool) => pool.name === name);
  if (found.length !== 1) {
    const names = pools.map((pool) => pool.name).join(", ");
    throw refuse(`it has ${found.length} pools '${name}', expected one`, `its pools: ${names}`);
  }
  for (const [key, value, most] of [
    ["sizeBytes", edit.sizeBytes, 2 ** 32],
    ["offset", edit.offset, 2 ** 32 - 1],
  ] as const) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0 || value > most)) {
      throw refuse(`${key} of '${name}' is ${value}, expected a whole number from 0 to ${most}`);
    }
  }
  const mark = text.startsWith(MARK) ? MARK : "";
  let body = text.slice(mark.length);
  const index = pools.indexOf(found[0]!);
  const splices = splicesOf(new PoolText(body, title), index, { edit, pool: found[0]! });
  for (const { from, to, text: now } of splices.toSorted((a, b) => b.from - a.from)) {
    body = body.slice(0, from) + now + body.slice(to);
  }
  const after = readMpool(mark + body, title).pools[index]!;
  for (const [key, wanted] of Object.entries(edit)) {
    const held = after[key as keyof PoolEdit];
    if (wanted !== undefined && held !== wanted)
      throw refuse(`${key} of '${name}' stayed ${held}, expected ${wanted}`);
  }
  return mark + body;
}
