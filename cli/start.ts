#!/usr/bin/env node
/** `npm start [-- FILE …]`: runs the first notebook, with any files added to its comparison. */
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { analyze } from "../lib/analyze/study.js";
import { load } from "../lib/node/load.js";
import { execute } from "./execute.js";
import { fail } from "./fail.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const NOTEBOOK = "01-rom-growth";

async function start(paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => resolve(path));
  // A file that cannot be analysed is told at once, in one sentence, before a notebook runs.
  for (const file of files) analyze(load(file));

  const html = join(root, "reports", `${NOTEBOOK}.html`);
  const ipynb = join(root, "reports", `${NOTEBOOK}.ipynb`);
  const added = files.length > 0 ? `, with ${files.length} file${files.length > 1 ? "s" : ""} of yours` : "";
  process.stderr.write(
    `npulab compares MobileNet with ResNet on an STM32N6 NPU${added}: ROM before and after packing, which bytes are to blame, what falls back to the CPU, latency.\nRunning notebooks/${NOTEBOOK}.ipynb, cell by cell, in npulab's own kernel:\n`,
  );
  const failures = await execute({
    path: join(root, "notebooks", `${NOTEBOOK}.ipynb`),
    parameters: files.length > 0 ? { files } : {},
    html,
    ipynb,
    timeoutSeconds: 120,
  });
  const here = (path: string) => relative(process.cwd(), path);
  process.stderr.write(
    failures.length === 0
      ? `Done. Open the report in a browser (no network needed):\n  ${here(html)}\nThe executed notebook, for Jupyter or VS Code:\n  ${here(ipynb)}\n`
      : `The run stopped early; what there is so far:\n  ${here(html)}\n`,
  );
  process.exitCode = failures.length > 0 ? 1 : 0;
}

start(process.argv.slice(2)).catch(fail);
