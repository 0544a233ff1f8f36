/**
 * The kernel in a real JupyterLab, driven in a headless browser: run all, figures, progress, completion,
 * errors, interrupt, restart; then the same notebooks through `jupyter console`, nbconvert and papermill.
 *
 *     npm run build && node test/rig/jupyterlab.mjs [SCREENSHOT_FOLDER]
 *
 * Needs `jupyter` 4 (JupyterLab) on the path or in NPULAB_JUPYTER, and a Chromium (NPULAB_CHROMIUM). Without
 * them it says so and counts as skipped. Writes into a temporary folder only, and to SCREENSHOT_FOLDER.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { createProject, jupyter, needs, notebookOf, openPage, startServer, versionOf } from "./jupyter.mjs";
import { check, finish, skipped } from "./report.mjs";

const shots = process.argv[2];
const SECONDS = 1000;

needs({ program: "lab" });
console.log(`JupyterLab ${versionOf("lab")}`);

const RIG_CELLS = [
  '// A bar that moves and ends\nimport { progress } from "tslab";\nfor await (const step of progress(Array.from({ length: 30 }, (_, index) => index), { label: "layers" })) {\n  await new Promise((resolve) => setTimeout(resolve, 100));\n}',
  '// A table as the last expression of a cell\nimport { from } from "arquero";\nfrom(Array.from({ length: 120 }, (_, index) => ({ layer: index, image_bytes: 1000 * index, inference_ms: index / 7 })))',
  "let turns = 0;\nwhile (true) turns++;",
  "const net: { nodes?: string[] } = {};\nnet.nodes!.length;",
  'const wrong: number = "text";',
];
const project = createProject({
  "rig.ipynb": notebookOf(RIG_CELLS),
  "quiet.ipynb": notebookOf(RIG_CELLS.slice(0, 2)),
});
const { work, env, npulab } = project;
const server = await startServer({ program: "lab", project, args: ["--expose-app-in-browser"] });
let browser;
try {
  const { address, token } = server;
  const opened = await openPage(server);
  const { page, outside, until } = opened;
  browser = opened.browser;
  const shoot = async (name) => {
    if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`) });
  };
  const command = (id) => page.evaluate((name) => window.jupyterapp.commands.execute(name), id);
  /** The open notebook's cells as its model has them; what is scrolled away is not in the page. */
  const cells = () =>
    page.evaluate(() =>
      window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map((cell) => cell.toJSON()),
    );
  const kernelStatus = () =>
    page.evaluate(() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status);
  const open = async (name) => {
    await page.goto(`${address}/lab/tree/${name}?token=${token}&reset`);
    await page.waitForFunction(() => window.jupyterapp?.shell?.currentWidget?.sessionContext !== undefined);
    await until(async () => (await kernelStatus()) === "idle", 60 * SECONDS, "the kernel is idle");
    for (const button of await page.getByRole("button", { name: /^(No|Hide|Dismiss)/ }).all())
      await button.click().catch(() => {});
  };
  const runAll = () => command("notebook:run-all-cells");
  const goTo = (index) =>
    page.evaluate((at) => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      notebook.activeCellIndex = at;
      return notebook.scrollToItem(at, "start");
    }, index);

  // The first notebook, from top to bottom.
  await open("growth.ipynb");
  const started = Date.now();
  await runAll();
  await until(
    async () => (await cells()).every((cell) => cell.cell_type !== "code" || cell.execution_count !== null),
    120 * SECONDS,
    "all cells ran",
  );
  await until(async () => (await kernelStatus()) === "idle", 60 * SECONDS, "idle after run all");
  const ran = await cells();
  check(
    "run all: no cell failed",
    !ran.some((cell) => cell.outputs?.some((output) => output.output_type === "error")),
    `${((Date.now() - started) / 1000).toFixed(1)} s`,
  );
  const figureAt = ran.findIndex((cell) =>
    cell.outputs?.some((output) => "application/vnd.plotly.v1+json" in (output.data ?? {})),
  );
  const figure = ran[figureAt]?.outputs[0]?.data ?? {};
  check(
    "a figure is one message with Plotly JSON, HTML, SVG and text",
    ["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"].every(
      (mime) => mime in figure,
    ),
    Object.entries(figure)
      .map(([mime, content]) => `${mime} ${JSON.stringify(content).length} B`)
      .join(", "),
  );
  await goTo(figureAt);
  const plot = page.locator(".npulab-figure .js-plotly-plot").first();
  await plot.waitFor();
  check(
    "the plot is drawn by Plotly, the still picture is gone",
    (await plot.locator(".bars .point").count()) > 0 &&
      (await page.locator(".npulab-figure:has(.js-plotly-plot) .npulab-still").count()) === 0,
  );
  await page.waitForTimeout(1000);
  await plot.scrollIntoViewIfNeeded();
  const bar = await plot.locator(".bars .point path").nth(9).boundingBox();
  // Of a bar on a logarithmic axis only the upper end is sure to lie inside of the plot.
  const hover = plot.locator(".hoverlayer .hovertext");
  await until(
    async () => {
      // A pointer that rests is not heard; on a slow machine the first move may come too early.
      await page.mouse.move(bar.x + bar.width / 2, bar.y + 6 + 4 * Math.random(), { steps: 3 });
      return (await hover.count()) > 0;
    },
    20 * SECONDS,
    `hovering shows a label at ${JSON.stringify(bar)}`,
  );
  check(
    "hovering shows what a bar is",
    true,
    (await plot.locator(".hoverlayer .hovertext").allTextContents()).join(" | "),
  );
  await shoot("jupyterlab-figure");
  const libraries = await page.evaluate(() => document.querySelectorAll("script[src*='plotly']").length);
  check("the plot library was loaded once for the page", libraries === 1, String(libraries));

  // Cells run again, cleared and moved still draw; so does the saved file, opened anew.
  await goTo(figureAt);
  await command("notebook:run-cell");
  await until(async () => (await kernelStatus()) === "idle", 30 * SECONDS, "idle after a second run");
  await page.locator(".npulab-figure .js-plotly-plot").first().waitFor();
  check("a figure whose cell ran again is drawn", true);
  await command("docmanager:save");
  await page.waitForTimeout(1500);
  await open("growth.ipynb");
  await goTo(figureAt);
  await page.locator(".npulab-figure .js-plotly-plot").first().waitFor();
  check(
    "figures of the saved file are drawn when it is opened again, without running",
    (await kernelStatus()) === "idle",
  );
  const saved = readFileSync(join(work, "growth.ipynb"));
  check("the saved notebook holds no plot library", saved.length < 1_500_000, `${saved.length} B`);
  await command("notebook:shutdown-kernel").catch(() => {});

  // Progress, tables, interrupt, errors.
  await open("rig.ipynb");
  await goTo(0);
  // The command ends with the cell.
  command("notebook:run-cell").catch(() => {});
  const progress = page.locator(".jp-OutputArea-output progress").first();
  await progress.waitFor();
  const seen = new Set();
  let midway = false;
  await until(
    async () => {
      seen.add(await progress.getAttribute("value").catch(() => null));
      if (!midway && seen.size === 8) {
        midway = true;
        await shoot("jupyterlab-progress");
      }
      return (await kernelStatus()) === "idle";
    },
    30 * SECONDS,
    "the loop ends",
  );
  await page.waitForTimeout(300);
  check("a progress bar moves", seen.size > 5, `${seen.size} states seen`);
  const [bars] = await cells();
  check(
    "and leaves its last state, one output",
    bars.outputs.length === 1 && bars.outputs[0].data["text/plain"] === "layers 30 of 30",
    JSON.stringify(bars.outputs.map((output) => output.data?.["text/plain"])),
  );

  await goTo(1);
  await command("notebook:run-cell");
  await page.locator(".jp-OutputArea-output table").first().waitFor();
  const cellsShown = () => page.locator(".jp-OutputArea-output tbody tr:visible").count();
  const before = await page.locator(".jp-OutputArea-output tbody tr:visible").first().textContent();
  const next = page.locator(".jp-OutputArea-output button", { hasText: "Next" });
  const rows = await cellsShown();
  await next.click();
  const after = await page.locator(".jp-OutputArea-output tbody tr:visible").first().textContent();
  check(
    "a bare table is paged",
    rows < 120 && before !== after,
    `${rows} rows of 120 at once, then from '${after}'`,
  );
  await shoot("jupyterlab-table");

  await goTo(2);
  command("notebook:run-cell").catch(() => {});
  await until(async () => (await kernelStatus()) === "busy", 10 * SECONDS, "the loop runs");
  await page.waitForTimeout(1000);
  const asked = Date.now();
  await command("kernelmenu:interrupt");
  await until(async () => (await kernelStatus()) === "idle", 20 * SECONDS, "the loop stops");
  check("interrupt stops a loop that never yields", true, `${Date.now() - asked} ms`);

  for (const [index, name, expected] of [
    [3, "a run-time error", "TypeError"],
    [4, "a type error", "not assignable"],
  ]) {
    await goTo(index);
    await command("notebook:run-cell");
    await page.waitForTimeout(300);
    await until(async () => (await kernelStatus()) === "idle", 20 * SECONDS, name);
    const error = (await cells())[index].outputs.find((output) => output.output_type === "error");
    check(
      `${name} is shown at its line`,
      JSON.stringify(error ?? "").includes(expected),
      stripVTControlCharacters(error?.traceback?.join(" ") ?? "")
        .replace(/\s+/g, " ")
        .slice(0, 160),
    );
  }
  await shoot("jupyterlab-error");

  // Completion with types, in an empty cell below.
  await command("notebook:insert-cell-below");
  await page.locator(".jp-Notebook .jp-Cell.jp-mod-active .cm-content").click();
  await page.keyboard.type("[].f");
  const popup = page.locator(".jp-Completer");
  await until(
    async () => {
      // JupyterLab gives a kernel one second to answer; the first answer on a busy machine may take longer.
      await command("completer:invoke-notebook");
      await page.waitForTimeout(1500);
      return popup.isVisible();
    },
    30 * SECONDS,
    "the completion popup",
  );
  const offered = await popup.locator(".jp-Completer-match").allTextContents();
  check(
    "Tab offers what fits the type",
    offered.some((each) => each.includes("flatMap")),
    offered.join(", "),
  );
  await shoot("jupyterlab-completion");
  await page.keyboard.press("Escape");

  // Restart: the variables are gone, the kernel answers.
  const restarted = await page.evaluate(async () => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    const ask = async (code) => (await kernel.requestExecute({ code }).done).content.status;
    const before = await ask("turns");
    await kernel.restart();
    await kernel.info;
    return [before, await ask("turns"), await ask("1 + 1")];
  });
  check("restart forgets and answers", restarted.join() === "ok,error,ok", restarted.join());
  await command("docmanager:save");
  await page.waitForTimeout(1500);
  check("nothing was asked of the network", outside.length === 0, outside.join(", "));

  // What JupyterLab edited and saved runs without it.
  const first = npulab("run", "growth.ipynb");
  check(
    "a notebook that JupyterLab saved runs headless",
    existsSync(join(work, "growth.ipynb")),
    first.trim().split("\n").at(-1),
  );
} catch (error) {
  check("the rig ran to its end", false, error.stack);
} finally {
  await browser?.close();
  await server.stop();
}

// Clients without a browser.
const ask = (program, args, options = {}) =>
  spawnSync(program, args, { cwd: work, env, encoding: "utf8", timeout: 120 * SECONDS, ...options });
const spoken = ask(jupyter, ["console", "--kernel", "npulab", "--simple-prompt"], {
  input: "const half = 21\nhalf * 2\nexit\n",
});
if (spoken.error || /not found|No such|is not a Jupyter command/.test(spoken.stderr))
  skipped("jupyter console is not installed");
else
  check(
    "jupyter console answers",
    /\b42\b/.test(spoken.stdout),
    spoken.stdout.trim().split("\n").slice(-3).join(" | ").slice(0, 200),
  );
const converted = ask(jupyter, ["nbconvert", "--to", "html", "--execute", "quiet.ipynb"]);
check(
  "nbconvert --execute",
  converted.status === 0 && existsSync(join(work, "quiet.html")),
  converted.status === 0 ? "" : converted.stderr.slice(-400),
);
const papermill = ask("papermill", ["growth.ipynb", "out.ipynb", "-k", "npulab", "--no-progress-bar"]);
if (papermill.error) skipped("papermill is not installed");
else check("papermill", papermill.status === 0, papermill.status === 0 ? "" : papermill.stderr.slice(-400));

project.remove();
finish();
