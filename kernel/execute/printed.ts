/**
 * How much one print or one display may hold. Front ends put all of it on a page: past some megabytes that
 * page stops answering, and past V8's longest string the kernel would.
 */
import type { JsonObject } from "../protocol/message.js";

/** UTF-16 units that one print shows: the beginning and the end of it. */
const MAX_PRINT = 8 << 20;
const END_OF_PRINT = 1 << 20;
/** UTF-16 units of one MIME bundle; cut in the middle it would be nothing, so it is left out. */
const MAX_BUNDLE = 64 << 20;

/** Returns `text`, or its beginning and end with a notice between them. */
export function cutPrint(text: string, max = MAX_PRINT, end = END_OF_PRINT): string {
  if (text.length <= max) return text;
  const cut = text.length - max;
  const notice = `\n[${count(cut)} of ${count(text.length)} characters cut: one print shows at most ${count(max)}; write a file instead]\n`;
  return `${text.slice(0, max - end)}${notice}${text.slice(text.length - end)}`;
}

/**
 * Returns the content of a display message as JSON text, or, when its data is too large, one that says so.
 * What is no JSON (a cycle, a BigInt) throws here, in the cell that shows it.
 */
export function displayJson(content: JsonObject, max = MAX_BUNDLE): string {
  const json = JSON.stringify(content);
  if (json.length <= max) return json;
  const notice = `[an output of ${count(json.length)} characters is left out: one may have at most ${count(max)}; write a file instead]`;
  return JSON.stringify({ ...content, data: { "text/plain": notice }, metadata: {} });
}

const count = (value: number) => value.toLocaleString("en-US");
