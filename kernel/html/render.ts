/**
 * A notebook as one HTML page that needs nothing else: no network, no kernel, no viewer. The same notebook
 * gives the same bytes. A policy in the page lets only its own scripts run and nothing be fetched, so that
 * HTML in outputs is shown and cannot act.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { CodeCell, Notebook } from "../notebook.js";
import { highlightCode } from "./code.js";
import { escapeHtml } from "./escape.js";
import { type Heading, markdownRenderer } from "./markdown.js";
import { mathStyle } from "./math.js";
import { type OutputContext, renderOutput } from "./outputs.js";
import { plotlyLibrary } from "./plotly.js";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";

export interface RenderHtmlOptions {
  /** The first heading when not given, else the file's name, else "Notebook". */
  readonly title?: string;
  readonly path?: string;
  /** Language of the text, as in HTML's `lang`. */
  readonly language?: string;
}

export function renderNotebookHtml(notebook: Notebook, options: RenderHtmlOptions = {}): string {
  const context: OutputContext = { markdown: markdownRenderer(), plots: { count: 0 } };
  const body: string[] = [];
  for (const cell of notebook.cells) {
    if (cell.cell_type === "markdown") {
      body.push(
        `<section class="prose">\n${context.markdown.render(cell.source, cell.attachments)}</section>`,
      );
    } else if (cell.cell_type === "code") body.push(codeCell(cell, context));
    // Raw cells are for other formats than HTML.
  }

  const { headings } = context.markdown;
  const fallback = options.path === undefined ? "Notebook" : basename(options.path, ".ipynb");
  const title =
    options.title ?? headings.find(({ level }) => level === 1)?.text ?? headings[0]?.text ?? fallback;
  const hasCode = notebook.cells.some((cell) => cell.cell_type === "code" && cell.source.trim() !== "");
  const style = context.markdown.math.count > 0 ? `${STYLE}${mathStyle()}` : STYLE;
  const scripts = context.plots.count > 0 ? [plotlyLibrary(), SCRIPT] : [SCRIPT];

  return `<!DOCTYPE html>
<html lang="${escapeHtml(options.language ?? "en")}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
${hasCode ? '<div class="tools"><button type="button" id="toggle-code">Show all code</button></div>' : ""}
<main id="content">
${withContents(body, headings)}
</main>
</div>
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}

function policy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return [
    "default-src 'none'",
    `script-src ${hashes.join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function codeCell(cell: CodeCell, context: OutputContext): string {
  if (cell.source.trim() === "" && cell.outputs.length === 0) return "";
  const outputs = cell.outputs.map((output) => renderOutput(output, context)).join("\n");
  const comment = /^\s*\/\/+\s*(.+)/.exec(cell.source)?.[1];
  const what = comment === undefined ? "" : ` · ${escapeHtml(comment)}`;
  const code = [
    `<details class="code"><summary><span class="what">Code</span>${what}</summary>`,
    `<pre><code class="language-typescript">${highlightCode(cell.source, "typescript")}</code></pre></details>`,
  ];
  return [
    '<section class="cell">',
    // A cell without code is a page made of outputs alone.
    ...(cell.source.trim() === "" ? [] : code),
    outputs === "" ? "" : `<div class="outputs">\n${outputs}\n</div>`,
    "</section>",
  ].join("\n");
}

/** Puts the contents behind the first heading and its text, where a reader of a report looks for them. */
function withContents(body: readonly string[], headings: readonly Heading[]): string {
  const listed = headings.filter(({ level }) => level === 2 || level === 3);
  if (listed.length < 3) return body.join("\n");
  const link = ({ text, id }: Heading) => `<a href="#${escapeHtml(id)}">${escapeHtml(text)}</a>`;
  const items: { readonly top: string; readonly below: string[] }[] = [];
  for (const heading of listed) {
    const last = items.at(-1);
    if (heading.level === 3 && last !== undefined) last.below.push(`<li>${link(heading)}</li>`);
    else items.push({ top: link(heading), below: [] });
  }
  const list = items.map(
    ({ top, below }) => `<li>${top}${below.length > 0 ? `<ol>${below.join("")}</ol>` : ""}</li>`,
  );
  const contents = `<nav class="contents" aria-label="Contents"><h2>Contents</h2><ol>\n${list.join("\n")}\n</ol></nav>`;
  const [first = "", ...rest] = body;
  const opensWithTitle = first.includes("<h1");
  if (!opensWithTitle) return [contents, ...body].join("\n");
  const at = first.search(/<h[2-6]\b/);
  if (at < 0) return [first, contents, ...rest].join("\n");
  return [first.slice(0, at), contents, first.slice(at), ...rest].join("\n");
}
