import { describe, expect, test } from "vitest";
import { markdownRenderer } from "../../kernel/html/markdown.js";
import { inlineMath, mathStyle } from "../../kernel/html/math.js";
import { renderNotebookHtml } from "../../kernel/html/render.js";
import type { Cell, Output } from "../../kernel/notebook.js";

const rendered = (source: string) => {
  const renderer = markdownRenderer();
  return { html: renderer.render(source), count: renderer.math.count };
};
const pageOf = (...cells: Cell[]) =>
  renderNotebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });
const text = (source: string): Cell => ({ id: "m", cell_type: "markdown", source, metadata: {} });

describe("inlineMath()", () => {
  test("finds the formula of the worked example, and none in prices", () => {
    expect(inlineMath("$a_1$ ms", 0)).toEqual({ source: "a_1", display: false, end: 5 });
    expect(inlineMath("$5 and $6", 0)).toBeUndefined();
    expect(inlineMath("$ a$", 0)).toBeUndefined();
    expect(inlineMath("$$x$$", 0)).toEqual({ source: "x", display: true, end: 5 });
  });
});

describe("formulas in Markdown", () => {
  test("lines, blocks and several lines are set, with MathML for screen readers", () => {
    const { html, count } = rendered("A $\\frac{a}{b}$ here.\n\n$$\nx^2 + y_1\n$$\n\nthen $$z$$ inside");
    expect(count).toBe(3);
    expect(html.match(/<math/g)).toHaveLength(3);
    expect(html.match(/katex-display/g)).toHaveLength(2);
  });

  test("underscores and stars of a formula are not emphasis", () => {
    expect(rendered("$a_1 * b_2 * c_1$").html).not.toContain("<em>");
  });

  test("prices, escaped signs and code stay text", () => {
    const { html, count } = rendered("It costs $5 and $6, \\$7 too, `$x$`.\n\n    $$code$$");
    expect(count).toBe(0);
    expect(html).toContain("costs $5 and $6, $7 too, <code>$x$</code>");
  });

  test("a formula that cannot be read is shown as its source, not thrown", () => {
    expect(rendered("$\\frac{a$ and on").html).toContain("\\frac{a");
  });

  test("a formula can bring no link, no HTML and no endless macro into the page", () => {
    const { html } = rendered(
      "$\\href{javascript:alert(1)}{x}$ $\\htmlClass{evil}{x}$ $\\def\\a{\\a\\a}\\a$ $<script>$",
    );
    expect(html).not.toMatch(/<a |href=|class="[^"]*evil|<script/);
  });
});

describe("renderNotebookHtml()", () => {
  test("style and fonts of formulas are in the page only when it holds one, and nothing is fetched", () => {
    const without = pageOf(text("# T\n\n$5 and $6"));
    const page = pageOf(text("# T\n\n$x^2$"));
    expect(without).not.toContain("@font-face");
    expect(page.match(/@font-face/g)!.length).toBeGreaterThan(10);
    expect(page.length - without.length).toBeLessThan(500_000);
    expect(mathStyle()).not.toMatch(/url\((?!data:)/);
  });

  test("LaTeX of an output is set as a formula", () => {
    const output: Output = { output_type: "display_data", data: { "text/latex": "\\alpha" }, metadata: {} };
    const page = pageOf({
      id: "c",
      cell_type: "code",
      source: "1",
      metadata: {},
      execution_count: 1,
      outputs: [output],
    });
    expect(page).toContain("katex-display");
  });

  test("a figure has its picture for where no script runs; long tables are turned by the page's own script", () => {
    const page = pageOf({
      id: "c",
      cell_type: "code",
      source: "1",
      metadata: {},
      execution_count: 1,
      outputs: [
        {
          output_type: "display_data",
          data: {
            "application/vnd.plotly.v1+json": { data: [] },
            "image/svg+xml": "<svg/>",
            "text/plain": "Bars",
          },
          metadata: {},
        },
        {
          output_type: "display_data",
          data: { "text/html": '<div class="npulab-pages" data-rows="1"></div><script>alert(1)</script>' },
          metadata: {},
        },
      ],
    });
    expect(page).toMatch(/<noscript><figure><img src="data:image\/svg\+xml[^>]+alt="Bars"/);
    expect(page).not.toContain("alert(1)");
    expect(page).toContain(".npulab-pages:not([data-paged])");
  });
});
