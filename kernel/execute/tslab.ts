/**
 * What cells get from `import * as tslab from "tslab"`: the display functions that notebooks for tslab use,
 * and `value`, `bundle` and `clear` beside them. This file is both the module and its types.
 */
import type { JsonObject } from "../protocol/message.js";
import type { MimeBundle } from "../threads.js";
import { type Displayable, type DisplayResult, mimeBundle } from "./mime-bundle.js";
import {
  counted,
  countedAsync,
  createBar,
  knownTotal,
  type ProgressBar,
  type ProgressOptions,
} from "./progress.js";

export { type Comm, type CommMessage, openComm, registerCommTarget, unregisterCommTarget } from "./comms.js";
export type { Displayable, DisplayResult, ProgressBar, ProgressOptions };

/** Shows content under its MIME type. On a `newDisplay()`, each call replaces what the last one showed. */
export interface Display {
  html(content: string): void;
  markdown(content: string): void;
  latex(content: string): void;
  svg(content: string): void;
  javascript(content: string): void;
  text(content: string): void;
  png(content: Uint8Array | string): void;
  jpeg(content: Uint8Array | string): void;
  gif(content: Uint8Array | string): void;
  pdf(content: Uint8Array | string): void;
  raw(mimeType: string, content: unknown): void;
  /** Shows one thing in several representations; the front end takes the richest it knows. */
  bundle(
    data: { readonly [mimeType: string]: unknown },
    metadata?: { readonly [key: string]: unknown },
  ): void;
  /** Shows a value as the last expression of a cell is shown. */
  value(value: unknown): void | Promise<void>;
  /** Clears the output of this cell; with `wait`, when the next output comes. */
  clear(options?: { readonly wait?: boolean }): void;
}

export interface Versions {
  readonly typescript: string;
  readonly node: string;
}

type Emit = (type: "display_data" | "update_display_data" | "clear_output", content: JsonObject) => void;
interface Backend {
  readonly emit: Emit;
  readonly versions: Versions;
}

let backend: Backend | undefined;
let displays = 0;

/** Connects this module to the kernel it runs in. */
export function connect(kernel: Backend): void {
  backend = kernel;
  Object.assign(found, kernel.versions);
}

function emit(...args: Parameters<Emit>): void {
  if (backend === undefined) throw new Error("Cannot display: this module works in a notebook cell only");
  backend.emit(...args);
}

function makeDisplay(id?: string): Display {
  let shown = false;
  const bundle = (data: JsonObject, metadata: JsonObject = {}): void => {
    const update = id !== undefined && shown;
    shown = true;
    emit(update ? "update_display_data" : "display_data", {
      data,
      metadata,
      transient: id === undefined ? {} : { display_id: id },
    });
  };
  const raw = (mimeType: string, content: unknown): void => bundle({ [mimeType]: encoded(content) });
  return {
    html: (content) => raw("text/html", content),
    markdown: (content) => raw("text/markdown", content),
    latex: (content) => raw("text/latex", content),
    svg: (content) => raw("image/svg+xml", content),
    javascript: (content) => raw("text/javascript", content),
    text: (content) => raw("text/plain", content),
    png: (content) => raw("image/png", content),
    jpeg: (content) => raw("image/jpeg", content),
    gif: (content) => raw("image/gif", content),
    pdf: (content) => raw("application/pdf", content),
    raw,
    bundle: (data, metadata) => bundle(data, metadata),
    value(value) {
      const show = (found: MimeBundle | undefined) => {
        if (found !== undefined) bundle(found.data, found.metadata);
      };
      const found = mimeBundle(value);
      // Most values answer at once; then `display(value)` as a last expression has no value to show.
      return found instanceof Promise ? found.then(show) : show(found);
    },
    clear: ({ wait = false } = {}) => emit("clear_output", { wait }),
  };
}

/** Binary content travels as base64; everything else as it is. */
function encoded(content: unknown): unknown {
  if (!(content instanceof Uint8Array)) return content;
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("base64");
}

export const display: Display = makeDisplay();

/** Returns a display that keeps its place: its second and later calls update it. */
export function newDisplay(): Display {
  return makeDisplay(`display-${++displays}`);
}

/**
 * Returns a bar that is moved by hand; `progress` is shorter where there is something to walk over.
 *
 * @example
 * ```ts
 * import { progressBar } from "tslab";
 * const bar = progressBar({ label: "bytes", total: file.size });
 * ```
 */
export function progressBar(options: ProgressOptions = {}): ProgressBar {
  const place = newDisplay();
  return createBar(options, { show: (bundle) => place.bundle(bundle), now: () => performance.now() });
}

/**
 * Walks over items and shows how far it has come, how fast, and how long it will take.
 *
 * @example
 * ```ts
 * import { progress } from "tslab";
 * for (const model of progress(models, { label: "models" })) analyses.push(analyze(model));
 * ```
 */
export function progress<T>(items: Iterable<T>, options?: ProgressOptions): Iterable<T>;
export function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
export function progress<T>(
  items: Iterable<T> | AsyncIterable<T>,
  options: ProgressOptions = {},
): Iterable<T> | AsyncIterable<T> {
  const total = options.total ?? knownTotal(items);
  const bar = () => progressBar({ ...options, ...(total === undefined ? {} : { total }) });
  return Symbol.asyncIterator in items ? countedAsync(items, bar) : counted(items, bar);
}

/** Shows a value as the last expression of a cell is shown; also there as the global `display`. */
export const displayValue: (value: unknown) => void | Promise<void> = (value) => display.value(value);

const found = { typescript: "unknown", node: process.version };
export const versions: Versions = found;
