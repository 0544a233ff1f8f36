/** Plotly figures: their JSON in the page as data, the library once, drawn when the page opens. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Json, JsonRecord } from "../notebook.js";
import { escapeHtml, scriptJson } from "./escape.js";

export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

/** Returns a figure's place in the page; `number` is unique in it, `still` is HTML for where no script runs. */
export function plotlyFigure(content: Json, number: number, still = ""): string {
  const figure = (typeof content === "object" && content !== null ? content : {}) as JsonRecord;
  const { data = [], layout = {}, config = {} } = figure;
  return [
    `<figure class="plot" role="group" aria-label="${escapeHtml(figureTitle(layout) ?? `Figure ${number}`)}">`,
    `<div class="plot-area" id="plot-${number}"></div>`,
    still === "" ? "" : `<noscript>${still}</noscript>`,
    `<script type="application/json" data-plot="plot-${number}">${scriptJson({ data, layout, config })}</script>`,
    "</figure>",
  ].join("");
}

function figureTitle(layout: Json): string | undefined {
  const title = (layout as { title?: Json } | null)?.title;
  const text = typeof title === "string" ? title : (title as { text?: Json } | null | undefined)?.text;
  return typeof text === "string" ? text.replace(/<[^>]*>/g, " ").trim() : undefined;
}

/** What the library is called beside the kernelspec. */
export const PLOTLY_FILE = "plotly.js";

function plotlyPath(): string {
  return createRequire(import.meta.url).resolve("plotly.js-cartesian-dist-min");
}

/** Returns the library as a script that any page can load: another Plotly, or RequireJS, is left alone. */
export function plotlyScript(): string {
  return [
    "(() => { const before = window.Plotly; const module = { exports: {} };",
    readFileSync(plotlyPath(), "utf8"),
    "window.npulabPlotlyLibrary = module.exports; if (before) window.Plotly = before; })();",
    "",
  ].join("\n");
}

/** Returns the library's text, fit for a `<script>` element. */
export function plotlyLibrary(): string {
  const path = plotlyPath();
  // Only `</script` and `<!--` could end or change the element; inside JavaScript strings these are equal.
  return readFileSync(path, "utf8").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}
