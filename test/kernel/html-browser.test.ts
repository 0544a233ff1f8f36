import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { renderNotebookHtml } from "../../kernel/html/render.js";
import type { CodeCell, JsonRecord, Notebook } from "../../kernel/notebook.js";
import { CHROMIUM, CHROMIUM_OPTIONS, describeBrowser } from "./browser.js";

const shown = (id: string, data: JsonRecord): CodeCell => ({
  id,
  cell_type: "code",
  source: `show("${id}")`,
  metadata: {},
  execution_count: 1,
  outputs: [{ output_type: "display_data", data, metadata: {} }],
});
const figure = {
  data: [{ type: "bar", x: ["a", "</script>"], y: [1, 2] }],
  layout: { title: { text: "bars" } },
};
const notebook: Notebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    { id: "t", cell_type: "markdown", source: "# Page\n![x](https://x.test/a.png)", metadata: {} },
    shown("one", { "application/vnd.plotly.v1+json": figure }),
    shown("two", { "application/vnd.plotly.v1+json": figure }),
    shown("three", {
      "text/html": `<b onclick="x()">html</b><img src="https://x.test/b.png" onerror="document.title = 'run'">`,
    }),
    shown("wide", { "text/html": `<table><tr>${"<td>a wide cell</td>".repeat(40)}</tr></table>` }),
  ],
};

describeBrowser("a page in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "npulab-page-"));
  const file = join(folder, "page.html");
  let browser: Browser;
  beforeAll(async () => {
    writeFileSync(file, renderNotebookHtml(notebook));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_OPTIONS });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([1280, 420])(
    "at %i px: draws figures, fits, sends nothing, runs nothing of the outputs",
    async (width) => {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      const failures: string[] = [];
      const left: string[] = [];
      page.on("pageerror", (error) => failures.push(error.message));
      // The policy reports what it refused on the console: that is its work, not a failure of the page.
      page.on("console", (message) => {
        if (message.type() === "error" && !/Content Security Policy/.test(message.text()))
          failures.push(message.text());
      });
      page.on("response", (response) => {
        if (/^https?:/.test(response.url())) left.push(response.url());
      });
      await page.goto(pathToFileURL(file).href);
      await page.locator("#plot-2 .main-svg").first().waitFor();
      expect(await page.locator(".plot .bars").count()).toBeGreaterThanOrEqual(2);
      expect(failures).toEqual([]);
      expect(left).toEqual([]);
      expect(await page.title()).toBe("Page");
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

      expect(await page.locator("details.code[open]").count()).toBe(0);
      await page.click("#toggle-code");
      expect(await page.locator("details.code[open]").count()).toBe(4);
      expect(await page.textContent("#toggle-code")).toBe("Hide all code");
      await page.close();
    },
  );
});
