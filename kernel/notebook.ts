/**
 * Notebooks as plain records: read and checked from nbformat 4 files, written so that the same notebook gives
 * the same bytes, in the form Jupyter itself writes (sorted keys, one-space indent, texts as lists of lines).
 *
 * Format: nbformat documentation, "The Notebook file format", versions 4.0 to 4.5.
 */
import { z } from "zod";
import { LabError } from "../lib/errors.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonRecord = { readonly [key: string]: Json };

export interface StreamOutput {
  readonly output_type: "stream";
  readonly name: "stdout" | "stderr";
  readonly text: string;
}
export interface DisplayOutput {
  readonly output_type: "display_data";
  readonly data: JsonRecord;
  readonly metadata: JsonRecord;
}
export interface ResultOutput {
  readonly output_type: "execute_result";
  readonly execution_count: number | null;
  readonly data: JsonRecord;
  readonly metadata: JsonRecord;
}
export interface ErrorOutput {
  readonly output_type: "error";
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

interface AnyCell {
  readonly id: string;
  readonly source: string;
  readonly metadata: JsonRecord;
}
export interface CodeCell extends AnyCell {
  readonly cell_type: "code";
  readonly execution_count: number | null;
  readonly outputs: readonly Output[];
}
export interface TextCell extends AnyCell {
  readonly cell_type: "markdown" | "raw";
  readonly attachments?: JsonRecord;
}
export type Cell = CodeCell | TextCell;

export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: 5;
  readonly metadata: JsonRecord;
  readonly cells: readonly Cell[];
}

/** Texts are strings or lists of lines in the file, and strings here. */
const text = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? value : value.join("")));
const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const jsonRecord = z.record(z.string(), json);
const bundle = jsonRecord.transform((data) =>
  Object.fromEntries(Object.entries(data).map(([mime, content]) => [mime, joined(mime, content)])),
);
const count = z.int().min(0).nullable();

const output = z.discriminatedUnion("output_type", [
  z.object({ output_type: z.literal("stream"), name: z.enum(["stdout", "stderr"]), text }),
  z.object({ output_type: z.literal("display_data"), data: bundle, metadata: jsonRecord }),
  z.object({
    output_type: z.literal("execute_result"),
    execution_count: count,
    data: bundle,
    metadata: jsonRecord,
  }),
  z.object({
    output_type: z.literal("error"),
    ename: z.string(),
    evalue: z.string(),
    traceback: z.array(z.string()),
  }),
]);
const id = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "expected 1 to 64 letters, digits, '-' or '_'");
const anyCell = { id: id.optional(), source: text, metadata: jsonRecord.default({}) };
const cellSchemas = {
  code: z.object({
    ...anyCell,
    cell_type: z.literal("code"),
    execution_count: count.default(null),
    outputs: z.array(output).default([]),
  }),
  markdown: z.object({ ...anyCell, cell_type: z.literal("markdown"), attachments: jsonRecord.optional() }),
  raw: z.object({ ...anyCell, cell_type: z.literal("raw"), attachments: jsonRecord.optional() }),
};
const frame = z.object({
  nbformat: z.number(),
  nbformat_minor: z.int().min(0),
  metadata: jsonRecord.default({}),
  cells: z.array(z.record(z.string(), z.unknown())),
});

const CODE = "NOTEBOOK";

/** Returns the notebook in the text of an .ipynb file; `name` is what errors call it. */
export function parseNotebook(content: string, name: string): Notebook {
  let raw: unknown;
  try {
    raw = JSON.parse(content);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LabError({
      code: CODE,
      message: `Cannot read notebook '${name}': it is not JSON (${onOneLine(why)})`,
      cause,
    });
  }
  const version =
    typeof raw === "object" && raw !== null ? (raw as { nbformat?: unknown }).nbformat : undefined;
  if (version !== 4) {
    throw new LabError({
      code: CODE,
      message: `Cannot read notebook '${name}': nbformat is ${JSON.stringify(version) ?? "missing"}, expected 4`,
      hint: "Open it in Jupyter and save it again, or run `jupyter nbconvert --to notebook --nbformat 4`",
    });
  }
  const parsed = frame.safeParse(raw);
  if (!parsed.success) {
    throw new LabError({ code: CODE, message: `Cannot read notebook '${name}': ${oneLine(parsed.error)}` });
  }
  const cells = parsed.data.cells.map((cell, index) => parseCell(cell, index, name));
  return { nbformat: 4, nbformat_minor: 5, metadata: parsed.data.metadata, cells: withIds(cells, name) };
}

type CellWithoutId = z.infer<(typeof cellSchemas)[keyof typeof cellSchemas]>;

function parseCell(cell: Record<string, unknown>, index: number, name: string): CellWithoutId {
  const type = cell.cell_type;
  if (type !== "code" && type !== "markdown" && type !== "raw") {
    throw new LabError({
      code: CODE,
      message: `Cannot read notebook '${name}': cell ${index} has the type ${JSON.stringify(type) ?? "(none)"}, expected code, markdown or raw`,
      at: `cells[${index}].cell_type`,
    });
  }
  const parsed = cellSchemas[type].safeParse(cell);
  if (parsed.success) return parsed.data;
  throw new LabError({
    code: CODE,
    message: `Cannot read notebook '${name}': cell ${index} is not a ${type} cell: ${oneLine(parsed.error)}`,
    at: `cells[${index}]`,
  });
}

/** Gives cells of nbformat 4.0 to 4.4 an id by their place; refuses one id for two cells. */
function withIds(cells: readonly CellWithoutId[], name: string): Cell[] {
  const taken = new Map<string, number>();
  for (const [index, { id: own }] of cells.entries()) {
    if (own === undefined) continue;
    const other = taken.get(own);
    if (other !== undefined) {
      throw new LabError({
        code: CODE,
        message: `Cannot read notebook '${name}': cells ${other} and ${index} have the same id '${own}'`,
      });
    }
    taken.set(own, index);
  }
  return cells.map((cell, index) => {
    let own = cell.id ?? `cell-${index}`;
    while (cell.id === undefined && taken.has(own)) own += "x";
    return { ...cell, id: own } as Cell;
  });
}

function oneLine(error: z.ZodError): string {
  const [first] = error.issues;
  const path = first?.path.map(String).join(".") ?? "";
  return path === "" ? (first?.message ?? "unknown") : `${path}: ${first?.message}`;
}

/** Returns the bytes of the .ipynb file, the same for the same notebook. */
export function formatNotebook(notebook: Notebook): string {
  const cells = notebook.cells.map((cell) => {
    const source = lines(cell.source);
    if (cell.cell_type !== "code") return { ...cell, source };
    return { ...cell, source, outputs: cell.outputs.map(fileOutput) };
  });
  return `${JSON.stringify(sorted({ ...notebook, cells } as Json), null, 1)}\n`;
}

function fileOutput(each: Output): object {
  if (each.output_type === "stream") return { ...each, text: lines(each.text) };
  if (each.output_type === "error") return each;
  const data = Object.entries(each.data).map(([mime, content]) => [
    mime,
    typeof content === "string" && !isJsonMime(mime) ? lines(content) : content,
  ]);
  return { ...each, data: Object.fromEntries(data) };
}

function joined(mime: string, content: Json): Json {
  const isLines =
    !isJsonMime(mime) && Array.isArray(content) && content.every((each) => typeof each === "string");
  return isLines ? content.join("") : content;
}

/** JSON content stays as it is; a list in it is not a list of lines. nbformat, v4/rwbase.py. */
export function isJsonMime(mime: string): boolean {
  return mime === "application/json" || (mime.startsWith("application/") && mime.endsWith("+json"));
}

function lines(value: string): string[] {
  return value === "" ? [] : (value.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const record = value as JsonRecord;
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, sorted(record[key] as Json)]),
  );
}

/** Returns a text without line breaks and bytes that are no text: the parser quotes what it found. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\uFFFD]+/gu, " ");
}
