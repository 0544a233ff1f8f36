import { describe, expect, test } from "vitest";
import { renderNotebookHtml } from "../../kernel/html/render.js";
import type { Cell, Notebook, Output } from "../../kernel/notebook.js";

const notebookOf = (...cells: Cell[]): Notebook => ({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });
const text = (source: string): Cell => ({ id: "m", cell_type: "markdown", source, metadata: {} });
const code = (source: string, ...outputs: Output[]): Cell => ({
  id: "c",
  cell_type: "code",
  source,
  metadata: {},
  execution_count: 1,
  outputs,
});
const shown = (data: Extract<Output, { output_type: "display_data" }>["data"]): Output => ({
  output_type: "display_data",
  data,
  metadata: {},
});
const PLOTLY = "application/vnd.plotly.v1+json";
/** The page without its own scripts: what comes from the notebook. */
const bodyOf = (notebook: Notebook) => /<main[\s\S]*<\/main>/.exec(renderNotebookHtml(notebook))?.[0] ?? "";

describe("renderNotebookHtml()", () => {
  test("gives the same bytes for the same notebook", () => {
    const notebook = notebookOf(text("# A\n## B\n## B\n### C"), code("1", shown({ [PLOTLY]: { data: [] } })));
    expect(renderNotebookHtml(notebook)).toBe(renderNotebookHtml(notebook));
  });

  test("HTML in Markdown and in code is text", () => {
    const body = bodyOf(notebookOf(text("<script>alert(1)</script> <b>x</b>"), code("'<script>'")));
    expect(body).not.toMatch(/<script|<b>/);
    expect(body).toContain("&lt;script&gt;alert(1)");
  });

  test("no content of a figure can end its script element", () => {
    const figure = {
      data: [{ name: "</script><script>alert(1)</script><!--" }],
      layout: { title: { text: 'a "<b>"' } },
    };
    const body = bodyOf(notebookOf(code("f", shown({ [PLOTLY]: figure }))));
    expect(body.match(/<\/script/g)).toHaveLength(1);
    const json = /<script type="application\/json"[^>]*>([\s\S]*?)<\/script>/.exec(body)?.[1] ?? "";
    expect(JSON.parse(json)).toEqual({ ...figure, config: {} });
  });

  test("the plot library is in the page once, and only with figures", () => {
    const figure = shown({ [PLOTLY]: { data: [] }, "text/html": "<p>not this</p>" });
    const page = renderNotebookHtml(notebookOf(code("a", figure), code("b", figure)));
    expect(page.length).toBeGreaterThan(1_000_000);
    expect(page.length).toBeLessThan(2_000_000);
    expect(page).not.toContain("not this");
    expect(renderNotebookHtml(notebookOf(code("a"))).length).toBeLessThan(20_000);
  });

  test("only the page's own scripts may run, and nothing may be fetched", () => {
    const page = renderNotebookHtml(
      notebookOf(
        code(
          "a",
          shown({
            "text/html": "<b>hi</b><script src='https://x.test/a.js'></script><link href='https://x.test'>",
          }),
        ),
      ),
    );
    expect(page).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; /);
    expect(page).toContain("<b>hi</b>");
    expect(page).not.toContain("x.test");
  });

  test("an image that is not in the notebook is named, not fetched", () => {
    expect(bodyOf(notebookOf(text("![a plot](https://x.test/a.png)")))).not.toContain("x.test");
    expect(bodyOf(notebookOf(text("![a plot](plot.png)")))).toContain("image not in the notebook: a plot");
    const cell = {
      ...text("![p](attachment:p.png)"),
      attachments: { "p.png": { "image/png": "AAAA" } },
    } as Cell;
    expect(bodyOf(notebookOf(cell))).toContain('<img src="data:image/png;base64,AAAA" alt="p">');
  });

  test("shows the richest representation that it knows", () => {
    const body = bodyOf(
      notebookOf(
        code("a", shown({ "text/plain": "plain", "text/html": "<i>rich</i>" })),
        code("b", shown({ "application/json": { a: 1 }, "text/plain": "hidden" })),
        code("c", shown({ "application/x-unknown": "?" })),
      ),
    );
    expect(body).toContain("<i>rich</i>");
    expect(body).not.toMatch(/plain<|hidden/);
    expect(body).toContain("cannot show: application/x-unknown");
  });

  test("terminal colours and rewritten lines of streams", () => {
    const output: Output = {
      output_type: "stream",
      name: "stdout",
      text: "10 %\r100 %\n\u001b[31mred\u001b[39m <x>\n",
    };
    const body = bodyOf(notebookOf(code("a", output)));
    expect(body).toContain('100 %\n<span class="ansi-red-fg">red</span> &lt;x&gt;');
    expect(body).not.toContain("10 %\r");
  });

  test("title, language, headings with distinct ids, and contents that point at them", () => {
    const page = renderNotebookHtml(notebookOf(text("# Report & more\n## Data\n## Data\n### `x` sizes")), {
      language: "de",
    });
    expect(page).toContain('<html lang="de">');
    expect(page).toContain("<title>Report &amp; more</title>");
    for (const id of ["data", "data-2", "x-sizes"]) {
      expect(page).toContain(`id="${id}"`);
      expect(page).toContain(`href="#${id}"`);
    }
    expect(page).toContain('href="#content">Skip');
  });

  test("code is folded, with its first comment as a title", () => {
    expect(bodyOf(notebookOf(code("// Load <it>\nload()")))).toMatch(
      /<details class="code"><summary>.*Code.* · Load &lt;it&gt;<\/summary>/,
    );
  });
});
