/** `npm start`, as a newcomer runs it, and its page in a real browser. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseNotebook } from "../../kernel/notebook.js";
import { CHROMIUM, CHROMIUM_OPTIONS, describeBrowser } from "../kernel/browser.js";
import { describeShared, requireShared } from "../shared.js";

const root = resolve(import.meta.dirname, "../..");
const page = resolve(root, "reports/01-rom-growth.html");
const executed = resolve(root, "reports/01-rom-growth.ipynb");

function start(...files: string[]) {
  return spawnSync(process.execPath, ["dist/cli/start.js", ...files], { cwd: root, encoding: "utf8" });
}

const outputsOf = (path: string) => {
  const { cells } = parseNotebook(readFileSync(path, "utf8"), path);
  return cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
};

describe("npm start", () => {
  let run: ReturnType<typeof start>;
  beforeAll(() => {
    rmSync(page, { force: true });
    run = start();
  }, 120_000);

  it("runs every cell, tells each, and last where to look", () => {
    expect(run.stderr).not.toContain("✗");
    expect(run.status).toBe(0);
    const lines = run.stderr.trim().split("\n");
    const cells = lines.filter((line) => /✓ cell +\d+\/\d+/.test(line));
    expect(cells.length).toBeGreaterThan(15);
    expect(cells.at(-1)).toContain(`${cells.length}/${cells.length}`);
    expect(lines.at(-1)!.trim()).toBe("reports/01-rom-growth.ipynb");
    expect(run.stderr).toContain("reports/01-rom-growth.html");
  });

  it("answers the forum's question on the page", () => {
    const html = readFileSync(page, "utf8");
    expect(html).toContain("227,409 B");
    expect(html).toContain("219,064 B");
    expect(html).toContain("N6-PACK-DW-2X");
  });

  it("leaves an executed notebook without errors", () => {
    expect(outputsOf(executed).some((output) => output.output_type === "error")).toBe(false);
  });

  it("gives the same notebook and page again", () => {
    const before = [page, executed].map((path) => readFileSync(path, "utf8"));
    expect(start().status).toBe(0);
    expect([page, executed].map((path) => readFileSync(path, "utf8"))).toEqual(before);
  }, 120_000);

  it("tells a file that cannot be read at once, before any cell", () => {
    const notes = resolve(root, "reports/notes.tflite");
    writeFileSync(notes, "not a model");
    const { status, stderr } = start(notes);
    rmSync(notes);
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/notes\.tflite/);
  });
});

describeShared("npm start -- FILE", () => {
  it("adds the file to the comparison", () => {
    const { status, stderr } = start(requireShared("models/mlperf_tiny/vww_96_int8.tflite"));
    expect(status).toBe(0);
    expect(stderr).toContain("1 file of yours");
    const text = JSON.stringify(outputsOf(executed));
    expect(text).toContain("vww_96_int8");
    expect(text).toContain("286,497");
  }, 120_000);
});

describeBrowser("the page of npm start in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    expect(start().status).toBe(0);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_OPTIONS });
  }, 120_000);
  afterAll(async () => browser?.close());

  it.each([1280, 420])(
    "draws its figures at %i px, logs nothing, asks the network for nothing",
    async (width) => {
      const view = await browser.newPage({ viewport: { width, height: 900 } });
      const complaints: string[] = [];
      view.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
      view.on("pageerror", (error) => complaints.push(error.message));
      view.on("request", (request) => {
        if (!/^(file|data|blob):/.test(request.url())) complaints.push(request.url());
      });
      await view.goto(pathToFileURL(page).href);
      await view.waitForFunction(() => document.querySelectorAll(".js-plotly-plot .main-svg").length >= 4);
      expect(complaints).toEqual([]);
      // Wide tables scroll in their own frames, the page does not.
      expect(await view.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await view.close();
    },
  );
});
