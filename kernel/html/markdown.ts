/** Markdown cells as HTML. Raw HTML in them is shown as text; images must be part of the notebook. */
import MarkdownIt from "markdown-it";
import type { JsonRecord } from "../notebook.js";
import { highlightCode } from "./code.js";
import { escapeHtml } from "./escape.js";
import { type MathSetter, mathRules, mathSetter } from "./math.js";

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly id: string;
}

export interface MarkdownRenderer {
  render(source: string, attachments?: JsonRecord): string;
  /** The headings rendered so far, in order. */
  readonly headings: readonly Heading[];
  /** Sets formulas outside of Markdown; counts all that were set. */
  readonly math: MathSetter;
}

interface Environment {
  readonly attachments: JsonRecord | undefined;
}

export function markdownRenderer(): MarkdownRenderer {
  const headings: Heading[] = [];
  const taken = new Set<string>();
  const markdown = new MarkdownIt({
    html: false,
    linkify: false,
    typographer: false,
    highlight: (code, language) => highlightCode(code, language),
  });
  const math = mathSetter();
  mathRules(markdown, math);

  markdown.core.ruler.push("heading_ids", (state) => {
    for (const [index, token] of state.tokens.entries()) {
      if (token.type !== "heading_open") continue;
      const inline = state.tokens[index + 1];
      const text = (inline?.children ?? [])
        .filter(({ type }) => type === "text" || type === "code_inline" || type === "math")
        .map(({ content }) => content)
        .join("");
      const id = freshId(text, taken);
      token.attrSet("id", id);
      headings.push({ level: Number(token.tag.slice(1)), text, id });
    }
  });

  const { rules } = markdown.renderer;
  rules.table_open = () => '<div class="scroll"><table>\n';
  rules.table_close = () => "</table></div>\n";
  rules.image = (tokens, index, _options, environment: Environment) => {
    const token = tokens[index];
    const target = token?.attrGet("src") ?? "";
    const alt = token?.content ?? "";
    const source = target.startsWith("data:image/") ? target : attachment(target, environment.attachments);
    if (source === undefined)
      return `<span class="missing">[image not in the notebook: ${escapeHtml(alt || target)}]</span>`;
    return `<img src="${escapeHtml(source)}" alt="${escapeHtml(alt)}">`;
  };

  return {
    headings,
    math,
    render: (source, attachments) => markdown.render(source, { attachments } satisfies Environment),
  };
}

/** `attachment:plot.png` → a data address, from the cell's attachments. */
function attachment(target: string, attachments: JsonRecord | undefined): string | undefined {
  if (!target.startsWith("attachment:")) return undefined;
  const bundle = attachments?.[decodeURIComponent(target.slice("attachment:".length))];
  if (typeof bundle !== "object" || bundle === null) return undefined;
  const found = Object.entries(bundle).find(([mime]) => mime.startsWith("image/"));
  return found === undefined ? undefined : `data:${found[0]};base64,${String(found[1])}`;
}

function freshId(text: string, taken: Set<string>): string {
  const plain = text
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  const base = plain === "" ? "section" : plain;
  let id = base;
  for (let again = 2; taken.has(id); again++) id = `${base}-${again}`;
  taken.add(id);
  return id;
}
