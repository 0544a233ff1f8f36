/**
 * The kernel in Notebook 7 and in the classic notebook (nbclassic), driven in a headless browser: open, run
 * all, see the plot; and a notebook that nobody trusts runs none of its scripts, in JupyterLab neither.
 *
 *     npm run build && node test/rig/notebook.mjs [SCREENSHOT_FOLDER]
 *
 * Needs what test/rig/jupyterlab.mjs needs, and `notebook` and `nbclassic` from pip.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createProject, needs, openPage, startServer, versionOf } from "./jupyter.mjs";
import { check, finish, skipped } from "./report.mjs";

const shots = process.argv[2];
needs({ program: "server" });

/** A saved notebook from elsewhere: its figures, and a cell whose output would run a script if it could. */
function untrusted(notebook) {
  const trap =
    '<img src="no-such" onerror="window.trapped = true"><script>window.trapped = true</script>trap';
  const output = {
    output_type: "display_data",
    metadata: {},
    data: { "text/html": trap, "text/plain": "trap" },
  };
  const cell = {
    cell_type: "code",
    id: "trap",
    metadata: {},
    execution_count: 1,
    source: "1",
    outputs: [output],
  };
  const cells = notebook.cells.filter((each) => each.cell_type === "code").slice(0, 6);
  return { ...notebook, cells: [cell, ...cells] };
}
const maker = createProject({});
maker.npulab("run", "growth.ipynb", "--ipynb", "saved.ipynb");
const saved = JSON.parse(readFileSync(join(maker.work, "saved.ipynb"), "utf8"));
maker.remove();
const project = createProject({ "untrusted.ipynb": untrusted(saved) });

/** How each front end is asked for its cells and told to run them; the pages are driven through it. */
const MODERN = {
  ready: "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
  runAll: "void window.jupyterapp.commands.execute('notebook:run-all-cells')",
  cells: "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map((cell) => cell.toJSON())",
  scrollTo: (index) => `{
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = ${index};
    void notebook.scrollToItem(${index}, 'start');
  }`,
};
const FRONT_ENDS = [
  {
    name: "Notebook 7",
    program: "notebook",
    args: ["--expose-app-in-browser"],
    path: (file) => `notebooks/${file}`,
    ...MODERN,
  },
  {
    name: "JupyterLab",
    program: "lab",
    args: ["--expose-app-in-browser"],
    path: (file) => `lab/tree/${file}`,
    trapOnly: true,
    ...MODERN,
  },
  {
    name: "the classic notebook",
    program: "nbclassic",
    args: [],
    // It leaves /notebooks to Notebook 7 where both are installed.
    path: (file) => `${versionOf("notebook") === undefined ? "" : "nbclassic/"}notebooks/${file}`,
    ready: "window.Jupyter?.notebook?.kernel?.is_connected?.() === true",
    runAll: "window.Jupyter.notebook.execute_all_cells()",
    cells: "window.Jupyter.notebook.toJSON().cells",
    scrollTo: (index) => `window.Jupyter.notebook.get_cell(${index}).element[0].scrollIntoView()`,
  },
];

async function tryOut(frontEnd) {
  const version = versionOf(frontEnd.program);
  if (version === undefined)
    return skipped(`${frontEnd.name} is not installed (pip install ${frontEnd.program})`);
  const title = `${frontEnd.name} ${version}`;
  const server = await startServer({ program: frontEnd.program, project, args: frontEnd.args });
  let browser;
  try {
    const opened = await openPage(server);
    browser = opened.browser;
    const { page, outside, until } = opened;
    const open = async (file) => {
      await page.goto(`${server.address}/${frontEnd.path(file)}?token=${server.token}`);
      await until(() => page.evaluate(frontEnd.ready), 60_000, `${title}: ${file} is open with its kernel`);
    };
    const figures = (cells) =>
      cells.findIndex((cell) =>
        cell.outputs?.some((output) => "application/vnd.plotly.v1+json" in (output.data ?? {})),
      );

    if (frontEnd.trapOnly !== true) {
      await open("growth.ipynb");
      await page.evaluate(frontEnd.runAll);
      const done = (cell) => cell.cell_type !== "code" || Number.isInteger(cell.execution_count);
      await until(
        async () => (await page.evaluate(frontEnd.cells)).every(done),
        120_000,
        `${title}: all cells ran`,
      );
      await page.waitForTimeout(1500);
      const ran = await page.evaluate(frontEnd.cells);
      const errors = ran.flatMap((cell) => cell.outputs ?? []).filter((each) => each.output_type === "error");
      check(
        `${title}: run all, no cell failed`,
        errors.length === 0,
        errors.map(({ evalue }) => evalue).join() || `${ran.length} cells`,
      );
      await page.evaluate(frontEnd.scrollTo(figures(ran)));
      const plot = page.locator(".npulab-figure .js-plotly-plot").first();
      await plot.waitFor();
      check(
        `${title}: the plot is drawn by Plotly`,
        (await plot.locator(".bars .point").count()) > 0,
        `${await plot.locator(".bars .point").count()} bars`,
      );
      const name = frontEnd.program === "nbclassic" ? "notebook-classic" : "notebook-7";
      if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.png`) });
    }

    await open("untrusted.ipynb");
    await page.waitForTimeout(1500);
    const cells = await page.evaluate(frontEnd.cells);
    await page.evaluate(frontEnd.scrollTo(figures(cells)));
    await page.waitForTimeout(1500);
    check(
      `${title}: a notebook that nobody trusts runs no script`,
      (await page.evaluate("window.trapped")) === undefined &&
        (await page.locator(".js-plotly-plot").count()) === 0,
    );
    const still = page.locator(
      ".npulab-figure img:visible, .npulab-figure svg:visible, .npulab-still:visible",
    );
    const pictures = page.locator(
      ".output_svg img:visible, .output_svg svg:visible, .jp-RenderedSVG img:visible, .jp-RenderedSVG svg:visible",
    );
    const shown = (await still.count()) + (await pictures.count());
    check(`${title}: and shows its figures as still pictures`, shown > 0, `${shown} in view`);
    check(`${title}: nothing was asked of the network`, outside.length === 0, outside.join(", "));
  } catch (error) {
    check(`${title}: the rig ran to its end`, false, error.stack);
  } finally {
    await browser?.close();
    await server.stop();
  }
}

for (const frontEnd of FRONT_ENDS) await tryOut(frontEnd);
project.remove();
finish();
