/** Ordinary values with more to show than their inspection: tables, pictures, numbers in bulk, networks, errors. */
import { LabError } from "../../lib/errors.js";
import { type ShownTable, tableToHtml, tableToText } from "../../lib/table/show.js";
import type { JsonObject } from "../protocol/message.js";
import { modelData } from "./models.js";
import { isNumeric, numbersData } from "./numbers.js";
import { tensorData } from "./tensors.js";

/** Rows of a table that is the value of a cell; `show(table, { limit })` decides otherwise. */
const TABLE_ROWS = 500;
const TEXT_ROWS = 20;

/** Returns what a front end shows of a value; undefined when its inspection says all there is. */
export function richData(value: unknown): JsonObject | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Uint8Array) {
    const mime = imageType(value);
    if (mime !== undefined) return imageData(value, mime);
  }
  if (isNumeric(value) && value.length > 0) return numbersData(value);
  if (value instanceof Error) return { "text/plain": errorText(value) };
  if (isTable(value)) return tableData(value);
  return tensorData(value) ?? modelData(value);
}

/** Arquero's tables, from whichever copy of it, are known by what they can do. */
function isTable(value: object): value is ShownTable {
  const { columnNames, numRows, objects } = value as Partial<Record<keyof ShownTable, unknown>>;
  return [columnNames, numRows, objects].every((each) => typeof each === "function");
}

function tableData(table: ShownTable): JsonObject {
  const size = `${table.numRows().toLocaleString("en-US")} rows, ${table.columnNames().length} columns`;
  return {
    "text/html": `${tableToHtml(table, { limit: TABLE_ROWS, types: true })}<p>${size}</p>`,
    "text/plain": `${tableToText(table, { limit: TEXT_ROWS })}\n${size}`,
  };
}

/** First bytes of a picture: PNG (ISO/IEC 15948, 5.2), JPEG (T.81, B.1.1.3), GIF (89a, 17), WebP (RFC 9649, 2.4). */
function imageType(bytes: Uint8Array): string | undefined {
  const starts = (at: number, text: string) =>
    bytes.length >= at + text.length &&
    [...text].every((each, index) => bytes[at + index] === each.charCodeAt(0));
  if (starts(0, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (starts(0, "\xff\xd8\xff")) return "image/jpeg";
  if (starts(0, "GIF8")) return "image/gif";
  if (starts(0, "RIFF") && starts(8, "WEBP")) return "image/webp";
  return undefined;
}

function imageData(bytes: Uint8Array, mime: string): JsonObject {
  return {
    [mime]: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
    "text/plain": `${mime}, ${bytes.length.toLocaleString("en-US")} B`,
  };
}

/** Returns an error that is a value, not a failure: its words, without the frames of the kernel. */
function errorText(error: Error): string {
  if (error instanceof LabError) return `${error.name}: ${error.describe()}`;
  const cause = error.cause instanceof Error ? `\ncaused by ${errorText(error.cause)}` : "";
  return `${error.name}: ${error.message}${cause}`;
}
