/** How a value is shown: what it says of itself, a table's HTML, or Node's inspection as text. */
import { inspect } from "node:util";
import { PLOTLY_MIME } from "../html/plotly.js";
import type { JsonObject } from "../protocol/message.js";
import type { MimeBundle } from "../threads.js";
import { plotlyHtml } from "./plotly-html.js";
import { richData } from "./values.js";

/** The method by which values show themselves in Jupyter front ends; the name is Deno's. */
export const DISPLAY = Symbol.for("Jupyter.display");

/** What a display method may return: MIME type → content, or that with metadata beside it. */
export type DisplayResult = JsonObject | { readonly data: JsonObject; readonly metadata?: JsonObject };

export interface Displayable {
  [DISPLAY](): DisplayResult | Promise<DisplayResult>;
}

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
  const rich = richData(value);
  if (rich !== undefined) return normalise(rich);
  return { data: { "text/plain": inspectText(value) }, metadata: {} };
}

export function inspectText(value: unknown): string {
  return inspect(value, { depth: 4, maxArrayLength: 60, maxStringLength: 10_000 });
}

/** What travels is JSON: `toJSON` methods speak here, functions and undefined members go. */
function normalise(result: DisplayResult): MimeBundle {
  const { data, metadata } = isBundle(result) ? result : { data: result, metadata: {} };
  return withPlotHtml(JSON.parse(JSON.stringify({ data, metadata: metadata ?? {} })) as MimeBundle);
}

/** A figure that brings no HTML of its own gets some: JupyterLab and Notebook draw no Plotly JSON. */
function withPlotHtml(bundle: MimeBundle): MimeBundle {
  const { [PLOTLY_MIME]: figure, "image/svg+xml": picture, "text/plain": alt } = bundle.data;
  if (typeof figure !== "object" || figure === null || bundle.data["text/html"] !== undefined) return bundle;
  const html = plotlyHtml({
    figure: figure as JsonObject,
    picture: typeof picture === "string" ? picture : undefined,
    alt: typeof alt === "string" ? alt : "A figure",
  });
  return { ...bundle, data: { ...bundle.data, "text/html": html } };
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
