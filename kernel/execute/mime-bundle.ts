/** How a value is shown: what it says of itself, a table's HTML, or Node's inspection as text. */
import { inspect } from "node:util";
import type { JsonObject } from "../protocol/message.js";
import type { MimeBundle } from "../threads.js";

/** The method by which values show themselves in Jupyter front ends; the name is Deno's. */
export const DISPLAY = Symbol.for("Jupyter.display");

/** What a display method may return: MIME type → content, or that with metadata beside it. */
export type DisplayResult = JsonObject | { readonly data: JsonObject; readonly metadata?: JsonObject };

export interface Displayable {
  [DISPLAY](): DisplayResult | Promise<DisplayResult>;
}

/** Arquero's tables, and what follows their habit. */
interface HtmlTable {
  toHTML(options: { readonly limit: number }): string;
  toMarkdown?(options: { readonly limit: number }): string;
  numRows?(): number;
}

const TABLE_ROWS = 20;

/**
 * Returns the bundle of a value, or undefined for `undefined`, which shows nothing. It is a promise only
 * when the value's own method returns one.
 */
export function mimeBundle(value: unknown): MimeBundle | undefined | Promise<MimeBundle> {
  if (value === undefined) return undefined;
  if (hasMethod<Displayable>(value, DISPLAY)) {
    const shown = value[DISPLAY]();
    return shown instanceof Promise ? shown.then(normalise) : normalise(shown);
  }
  if (hasMethod<HtmlTable>(value, "toHTML")) return normalise(tableData(value));
  return { data: { "text/plain": inspectText(value) }, metadata: {} };
}

export function inspectText(value: unknown): string {
  return inspect(value, { depth: 4, maxArrayLength: 60, maxStringLength: 10_000 });
}

function tableData(table: HtmlTable): JsonObject {
  const rows = table.numRows?.() ?? 0;
  const more = rows > TABLE_ROWS ? `${TABLE_ROWS} of ${rows} rows` : "";
  const html = table.toHTML({ limit: TABLE_ROWS });
  const text = table.toMarkdown?.({ limit: TABLE_ROWS }) ?? inspectText(table);
  return {
    "text/html": more === "" ? html : `${html}<p>${more}</p>`,
    "text/plain": more === "" ? text : `${text.trimEnd()}\n${more}`,
  };
}

/** What travels is JSON: `toJSON` methods speak here, functions and undefined members go. */
function normalise(result: DisplayResult): MimeBundle {
  const { data, metadata } = isBundle(result) ? result : { data: result, metadata: {} };
  return JSON.parse(JSON.stringify({ data, metadata: metadata ?? {} })) as MimeBundle;
}

function isBundle(
  result: DisplayResult,
): result is { readonly data: JsonObject; readonly metadata?: JsonObject } {
  return (
    typeof result.data === "object" &&
    result.data !== null &&
    Object.keys(result).every((key) => key === "data" || key === "metadata")
  );
}

function hasMethod<T>(value: unknown, name: PropertyKey): value is T {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return typeof (value as Record<PropertyKey, unknown>)[name] === "function";
}
