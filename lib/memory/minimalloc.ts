/**
 * Reads and writes the CSV form in which problems of memory planning are exchanged (google/minimalloc): a header
 * and a line per buffer,
 *
 *   id,lower,upper,size          lower: the first moment at which the buffer lives
 *   a,0,2,4096                   upper: the first at which it does no more
 *   b,1,3,2048                   alignment, when there is such a column: of the offset
 *
 * A solution is the same lines with one more column, `offset`. Columns may come in any order; what else a file holds
 * is kept. An `offset` that is there already is replaced.
 */
import { DecodeError } from "../errors.js";
import { type Bytes, bytes } from "../units.js";
import type { Buffer, BufferId } from "./problem.js";

export interface ProblemFile {
  readonly columns: readonly string[];
  /** The fields of each line, in the order of the columns. */
  readonly lines: readonly (readonly string[])[];
  /** A buffer per line. */
  readonly buffers: readonly Buffer[];
}

const REQUIRED = ["id", "lower", "upper", "size"] as const;
const OFFSET = "offset";

interface Line {
  readonly number: number;
  readonly text: string;
  /** Characters before the line. */
  readonly at: number;
}

function refuse(line: Line, path: string, message: string, hint?: string): DecodeError {
  return new DecodeError({
    code: "PROBLEM_CSV",
    message: `Cannot read the memory problem: ${message}`,
    offset: line.at,
    path,
    place: `line ${line.number}, ${path}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function linesOf(text: string): readonly Line[] {
  let at = 0;
  return text.split("\n").map((raw, index) => {
    const line = { number: index + 1, text: raw.replace(/\r$/, ""), at };
    at += raw.length + 1;
    return line;
  });
}

function fieldsOf(line: Line): readonly string[] {
  if (line.text.includes('"')) throw refuse(line, "line", "it has quotation marks, expected plain fields");
  return line.text.split(",").map((field) => field.trim());
}

function readColumns(line: Line): readonly string[] {
  const columns = fieldsOf(line);
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (missing.length > 0) {
    const found = columns.join(", ").slice(0, 200);
    throw refuse(
      line,
      "header",
      `no column ${missing.join(", ")} among '${found}'`,
      `expected ${REQUIRED.join(",")}`,
    );
  }
  if (twice !== undefined) throw refuse(line, "header", `the column ${twice} is there twice, expected once`);
  if (columns.includes("gaps"))
    throw refuse(line, "header", "it has a column gaps, and a buffer that lives with gaps cannot be planned");
  return columns;
}

/** Returns the problem of a file's text. Throws a DecodeError that names line and column. */
export function readProblem(text: string): ProblemFile {
  const all = linesOf(text.replace(/^\uFEFF/, ""));
  const [header, ...rest] = all.filter((line) => line.text.trim() !== "");
  if (!header) throw refuse({ number: 1, text: "", at: 0 }, "header", "the file is empty, expected a header");
  const columns = readColumns(header);
  const seen = new Set<BufferId>();
  const lines: (readonly string[])[] = [];
  const buffers = rest.map((line): Buffer => {
    const fields = fieldsOf(line);
    if (fields.length !== columns.length)
      throw refuse(line, "line", `it has ${fields.length} fields, expected ${columns.length}`);
    const whole = (name: string, least: number): number => {
      const field = fields[columns.indexOf(name)]!;
      const value = /^-?[0-9]+$/.test(field) ? Number(field) : Number.NaN;
      if (Number.isSafeInteger(value) && value >= least) return value;
      throw refuse(line, name, `${name} is '${field.slice(0, 40)}', expected a whole number from ${least}`);
    };
    const id = fields[columns.indexOf("id")]!;
    if (seen.has(id)) throw refuse(line, "id", `buffer '${id}' is given twice, expected unique ids`);
    seen.add(id);
    const start = whole("lower", 0);
    const end = whole("upper", 0);
    if (end <= start)
      throw refuse(
        line,
        "upper",
        `buffer '${id}' lives from ${start} to ${end}, expected an end after the start`,
      );
    const alignment = columns.includes("alignment") ? whole("alignment", 1) : 1;
    lines.push(fields);
    return { id, sizeBytes: bytes(whole("size", 0)), start, end, alignment, pinned: null };
  });
  return { columns, lines, buffers };
}

/** Returns the text of `file` with the offsets of its buffers, in the same order. */
export function writeSolution(file: ProblemFile, offsets: ReadonlyMap<BufferId, Bytes>): string {
  const kept = file.columns.flatMap((name, index) => (name === OFFSET ? [] : [index]));
  const header = [...kept.map((index) => file.columns[index]!), OFFSET];
  const lines = file.lines.map((fields, index) => {
    const offset = offsets.get(file.buffers[index]!.id);
    return [...kept.map((column) => fields[column]!), String(offset)];
  });
  return `${[header, ...lines].map((fields) => fields.join(",")).join("\n")}\n`;
}
