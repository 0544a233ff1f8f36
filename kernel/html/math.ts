/**
 * Formulas: `$…$` in a line and `$$…$$` on their own, set by KaTeX as HTML for the eye and MathML for screen
 * readers. KaTeX's style and fonts go into a page only when it holds a formula.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import katex from "katex";
import type MarkdownIt from "markdown-it";

export interface MathSetter {
  /** Returns HTML; a formula that cannot be read comes back as its source, with the error as its title. */
  set(source: string, options: { readonly display: boolean }): string;
  /** How many formulas were set. */
  readonly count: number;
}

/** A formula of ours is short; macros that grow without end stop here. */
const MAX_EXPANSIONS = 1000;

export function mathSetter(): MathSetter {
  let count = 0;
  return {
    get count() {
      return count;
    },
    set(source, { display }) {
      count++;
      return katex.renderToString(source, {
        displayMode: display,
        output: "htmlAndMathml",
        throwOnError: false,
        strict: "ignore",
        // Links, images and raw HTML of a formula stay text.
        trust: false,
        maxExpand: MAX_EXPANSIONS,
        maxSize: 20,
      });
    },
  };
}

/** Returns KaTeX's style with its fonts in it, for a page that fetches nothing (about 400 kB). */
export function mathStyle(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("katex/dist/katex.min.css"));
  const style = readFileSync(join(folder, "katex.min.css"), "utf8");
  return style.replace(/src:url\(([^)]+\.woff2)\)[^;}]*/g, (_, file: string) => {
    const font = readFileSync(join(folder, file)).toString("base64");
    return `src:url(data:font/woff2;base64,${font}) format("woff2")`;
  });
}

/**
 * Teaches Markdown the dollar signs. As in Jupyter, an opening `$` has no space behind it, a closing one none
 * before it and no digit behind it: `costs $5 and $6` stays text. `\$` is a dollar sign.
 */
export function mathRules(markdown: MarkdownIt, math: MathSetter): void {
  markdown.inline.ruler.before("escape", "math", (state, silent) => {
    const found = inlineMath(state.src, state.pos);
    if (found === undefined) return false;
    if (!silent) {
      const token = state.push("math", "math", 0);
      token.content = found.source;
      token.meta = { display: found.display };
    }
    state.pos = found.end;
    return true;
  });
  markdown.block.ruler.before(
    "paragraph",
    "math_block",
    (state, startLine, endLine, silent) => {
      const lineOf = (line: number) =>
        state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);
      if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
      if (!lineOf(startLine).startsWith("$$")) return false;
      const lines: string[] = [];
      for (let line = startLine; line < endLine; line++) {
        const text = line === startLine ? lineOf(line).slice(2) : lineOf(line);
        if (!text.trimEnd().endsWith("$$")) {
          lines.push(text);
          continue;
        }
        lines.push(text.trimEnd().slice(0, -2));
        const source = lines.join("\n").trim();
        // `$$a$$ and $$b$$` is a line with two formulas in it.
        if (source === "" || source.includes("$$")) return false;
        if (silent) return true;
        const token = state.push("math", "math", 0);
        token.block = true;
        token.content = source;
        token.meta = { display: true };
        token.map = [startLine, line + 1];
        state.line = line + 1;
        return true;
      }
      return false;
    },
    { alt: ["paragraph", "blockquote", "list"] },
  );
  markdown.renderer.rules.math = (tokens, index) => {
    const token = tokens[index]!;
    const { display } = token.meta as { readonly display: boolean };
    return math.set(token.content, { display });
  };
}

interface InlineMath {
  readonly source: string;
  readonly display: boolean;
  /** Behind the closing sign. */
  readonly end: number;
}

/**
 * Returns the formula that begins at `at`, if one does.
 *
 *     "$a_1$ ms" at 0  ->  a_1, end 5        "$5 and $6" at 0  ->  none, a digit follows the second sign
 */
export function inlineMath(text: string, at: number): InlineMath | undefined {
  if (text[at] !== "$") return undefined;
  const mark = text.startsWith("$$", at) ? "$$" : "$";
  const from = at + mark.length;
  if (mark === "$" && /^[\s$]?$|^\s/.test(text.slice(from, from + 1))) return undefined;
  for (let close = text.indexOf(mark, from); close >= 0; close = text.indexOf(mark, close + 1)) {
    if (text[close - 1] === "\\") continue;
    const source = text.slice(from, close);
    // A code span binds tighter than a dollar sign.
    if (source.trim() === "" || source.includes("`")) return undefined;
    const end = close + mark.length;
    if (mark === "$" && (/\s$/.test(source) || /\d/.test(text[end] ?? ""))) return undefined;
    return { source: source.trim(), display: mark === "$$", end };
  }
  return undefined;
}
