/** Outputs of a cell as HTML: of each bundle, the richest representation that a page without a kernel can show. */
import type { Json, JsonRecord, Output } from "../notebook.js";
import { ansiHtml } from "./ansi.js";
import { highlightCode } from "./code.js";
import { escapeHtml } from "./escape.js";
import type { MarkdownRenderer } from "./markdown.js";
import { PLOTLY_MIME, plotlyFigure } from "./plotly.js";

export interface OutputContext {
  readonly markdown: MarkdownRenderer;
  /** Counts the Plotly figures of the page. */
  readonly plots: { count: number };
}

/** From the richest to the plainest. A figure's JSON comes before its HTML, which needs a script of its own. */
const MIME_ORDER = [
  PLOTLY_MIME,
  "text/html",
  "text/markdown",
  "image/svg+xml",
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "application/json",
  "text/latex",
  "text/plain",
] as const;

export function renderOutput(output: Output, context: OutputContext): string {
  switch (output.output_type) {
    case "stream":
      return `<pre class="stream ${output.name}">${ansiHtml(output.text.replace(/\n$/, ""))}</pre>`;
    case "error": {
      const trace =
        output.traceback.length > 0 ? output.traceback.join("\n") : `${output.ename}: ${output.evalue}`;
      return `<div class="error" role="group" aria-label="Error: ${escapeHtml(output.ename)}"><pre>${ansiHtml(trace)}</pre></div>`;
    }
    case "display_data":
    case "execute_result":
      return bundle(output.data, output.metadata, context);
    default:
      return output satisfies never;
  }
}

function bundle(data: JsonRecord, metadata: JsonRecord, context: OutputContext): string {
  const mime = MIME_ORDER.find((each) => data[each] !== undefined);
  if (mime === undefined) {
    const kinds = Object.keys(data).join(", ") || "nothing";
    return `<p class="missing">[output of a kind this page cannot show: ${escapeHtml(kinds)}]</p>`;
  }
  const content = data[mime] as Json;
  switch (mime) {
    case PLOTLY_MIME:
      return plotlyFigure(
        content,
        ++context.plots.count,
        data["image/svg+xml"] === undefined ? "" : svgImage(String(data["image/svg+xml"]), data, undefined),
      );
    case "text/html":
      return `<div class="scroll html">${quietHtml(String(content))}</div>`;
    case "text/markdown":
      return `<div class="prose">${context.markdown.render(String(content))}</div>`;
    case "image/svg+xml":
      return svgImage(String(content), data, metadata[mime]);
    case "image/png":
    case "image/jpeg":
    case "image/webp":
    case "image/gif":
      return image(`data:${mime};base64,${String(content).replace(/\s/g, "")}`, data, metadata[mime]);
    case "application/json":
      return `<pre class="json"><code>${highlightCode(JSON.stringify(content, null, 2), "json")}</code></pre>`;
    case "text/latex":
      return `<div class="prose">${context.markdown.render(asFormula(String(content)))}</div>`;
    case "text/plain":
      return `<pre class="plain">${ansiHtml(String(content))}</pre>`;
    default:
      return mime satisfies never;
  }
}

/** LaTeX without dollar signs is one formula: `\\frac{1}{2}`, `\\begin{aligned}…`. */
function asFormula(latex: string): string {
  const bare = latex.trim().replace(/^\\\[([\s\S]*)\\\]$/, "$1");
  return bare.includes("$") ? bare : `$$\n${bare.trim()}\n$$`;
}

function svgImage(document: string, data: JsonRecord, metadata: Json | undefined): string {
  return image(`data:image/svg+xml;base64,${Buffer.from(document).toString("base64")}`, data, metadata);
}

function image(source: string, data: JsonRecord, metadata: Json | undefined): string {
  const { width, height, alt } = (metadata ?? {}) as { width?: Json; height?: Json; alt?: Json };
  const text =
    typeof alt === "string" ? alt : typeof data["text/plain"] === "string" ? data["text/plain"] : "Figure";
  const size = (name: string, value: Json | undefined) =>
    typeof value === "number" ? ` ${name}="${value}"` : "";
  return `<figure><img src="${escapeHtml(source)}" alt="${escapeHtml(text)}"${size("width", width)}${size("height", height)}></figure>`;
}

/**
 * Scripts of an output cannot run (the page's policy allows its own only) and would be dead text; what could
 * fetch or redirect goes as well.
 */
function quietHtml(html: string): string {
  return html
    .replace(/<script\b[\s\S]*?(<\/script\s*>|$)/gi, "")
    .replace(/<(iframe|object)\b[\s\S]*?(<\/\1\s*>|$)/gi, "")
    .replace(/<\/?(base|meta|link|embed|form)\b[^>]*>/gi, "");
}
