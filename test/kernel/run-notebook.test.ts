import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { formatNotebook } from "../../kernel/notebook.js";
import { type Progress, runNotebook } from "../../kernel/run-notebook.js";
import { projectFolder } from "./harness.js";

const report = resolve(import.meta.dirname, "fixtures/report.ipynb");
const project = projectFolder();
afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

function notebookOf(name: string, ...sources: string[]): string {
  const cells = sources.map((source, index) => ({
    cell_type: "code",
    id: `c${index}`,
    metadata: { execution: { "iopub.status.busy": "now" } },
    source,
  }));
  project.write(
    `notebooks/${name}.ipynb`,
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }),
  );
  return resolve(project.notebooks, `${name}.ipynb`);
}

describe("runNotebook()", () => {
  test("two runs give the same bytes, progress says where they are, parameters are set", async () => {
    const seen: Progress[] = [];
    const options = { path: report, allowErrors: true, parameters: { layers: 3 } };
    const first = await runNotebook({ ...options, onProgress: (progress) => seen.push(progress) });
    const second = await runNotebook(options);
    expect(formatNotebook(first.notebook)).toBe(formatNotebook(second.notebook));
    expect(first.complete).toBe(true);
    expect(first.failures).toMatchObject([{ title: "This cell fails", error: { ename: "TypeError" } }]);
    expect(
      seen.filter(({ state }) => state !== "running").map(({ cell, of, state }) => `${cell}/${of} ${state}`),
    ).toEqual([
      "1/8 done",
      "2/8 done",
      "3/8 done",
      "4/8 done",
      "5/8 done",
      "6/8 done",
      "7/8 done",
      "8/8 failed",
    ]);
    const table = first.notebook.cells.find(({ id }) => id === "table");
    expect(table).toMatchObject({ outputs: [{ data: { "text/html": expect.stringMatching(/^<table>/) } }] });
    expect(formatNotebook(first.notebook)).not.toContain(readFileSync(report, "utf8"));
  }, 60_000);

  test("stops at the first error and strips times; environment and folder reach the cells", async () => {
    const path = notebookOf(
      "stops",
      "[process.env.NPULAB_TEST, process.cwd()].join()",
      "throw new Error('here')",
      "2",
    );
    const { notebook, complete, failures } = await runNotebook({ path, env: { NPULAB_TEST: "yes" } });
    expect(JSON.stringify(notebook.cells[0])).toContain(`'yes,${project.notebooks}'`);
    expect(complete).toBe(false);
    expect(failures).toMatchObject([{ index: 1, error: { evalue: "here" } }]);
    expect(notebook.cells.map((cell) => cell.cell_type === "code" && cell.execution_count)).toEqual([
      1,
      2,
      null,
    ]);
    expect(notebook.cells.map(({ metadata }) => metadata)).toEqual([{}, {}, {}]);
  });

  test("a cell that runs too long is interrupted and named", async () => {
    const path = notebookOf("slow", "while (true) {}", "1");
    const { failures, complete } = await runNotebook({ path, timeoutSeconds: 1 });
    expect(complete).toBe(false);
    expect(failures).toMatchObject([
      { index: 0, error: { ename: "Timeout", evalue: "the cell ran longer than 1 s and was interrupted" } },
    ]);
  });

  test("a dead kernel is reported and ends the run, errors allowed or not", async () => {
    const killed = await runNotebook({
      path: notebookOf("killed", "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})", "1"),
      allowErrors: true,
    });
    expect(killed.complete).toBe(false);
    expect(killed.failures).toMatchObject([
      { error: { ename: "KernelDied", evalue: expect.stringMatching(/SIGKILL/) } },
    ]);
  });
});
