/** Ordinary values with more to show than their inspection: tables, pictures, numbers in bulk, errors. */
import { inspect } from "node:util";
import { LabError } from "../../lib/errors.js";
import { type ShownTable, tableToHtml, tableToText } from "../../lib/table/show.js";
import { escapeHtml } from "../html/escape.js";
import type { JsonObject } from "../protocol/message.js";

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
  return undefined;
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

type Numeric = { readonly length: number; readonly [index: number]: number | bigint };

function isNumeric(value: object): value is Numeric {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !Buffer.isBuffer(value);
}

const BINS = 40;
const WIDTH = 240;
const HEIGHT = 48;

/** The inspection, and what one asks of many numbers first: how many, from where to where, how spread. */
function numbersData(values: Numeric): JsonObject {
  const text = inspect(values, { maxArrayLength: 60 });
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let finite = 0;
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const figures = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
  const odd = values.length - finite;
  const summary = [
    `${values.constructor.name}, ${values.length.toLocaleString("en-US")} values`,
    ...(finite > 0
      ? [`from ${figures.format(least)} to ${figures.format(most)}`, `mean ${figures.format(sum / finite)}`]
      : []),
    ...(odd > 0 ? [`${odd.toLocaleString("en-US")} not finite`] : []),
  ].join(", ");
  const picture = finite > 1 && most > least ? histogram(values, { least, most }) : "";
  return {
    "text/html": `<p>${escapeHtml(summary)}</p>${picture}<pre>${escapeHtml(text)}</pre>`,
    "text/plain": `${text}\n${summary}`,
  };
}

function histogram(
  values: Numeric,
  { least, most }: { readonly least: number; readonly most: number },
): string {
  const counts = new Array<number>(BINS).fill(0);
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    const bin = Math.min(BINS - 1, Math.floor(((value - least) / (most - least)) * BINS));
    counts[bin] = counts[bin]! + 1;
  }
  const tallest = Math.max(...counts);
  const bars = counts
    .map((count, bin) => {
      const height = (count / tallest) * HEIGHT;
      return `<rect x="${bin * (WIDTH / BINS)}" y="${(HEIGHT - height).toFixed(1)}" width="${WIDTH / BINS - 1}" height="${height.toFixed(1)}"/>`;
    })
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" fill="#0072B2">${bars}</svg>`;
  return `<img alt="How the values are spread, in ${BINS} bins" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
}

/** Returns an error that is a value, not a failure: its words, without the frames of the kernel. */
function errorText(error: Error): string {
  if (error instanceof LabError) return `${error.name}: ${error.describe()}`;
  const cause = error.cause instanceof Error ? `\ncaused by ${errorText(error.cause)}` : "";
  return `${error.name}: ${error.message}${cause}`;
}
