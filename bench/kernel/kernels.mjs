/** The kernels that are timed, each with its own way to say the same cells. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kernelCommand } from "../../dist/kernel/kernelspec.js";
import { buildSnapshot } from "../../dist/kernel/language/snapshot.js";

const here = fileURLToPath(new URL("../..", import.meta.url));

const TYPESCRIPT = {
  declare: (i) => `const v${i} = ${i}; let w${i} = v${i} + 1;`,
  imports: ['import * as fs from "node:fs"', 'import { join } from "node:path"'],
  loop: (ms) => `{ const t0 = Date.now(); while (Date.now() - t0 < ${ms}) {} }`,
  complete: "const found = [1, 2, 3].map((each) => each.toFix",
};

const PYTHON = {
  declare: (i) => `v${i} = ${i}; w${i} = v${i} + 1`,
  imports: ["import os", "import json"],
  loop: (ms) => `import time\nt0 = time.time()\nwhile time.time() - t0 < ${ms} / 1000: pass`,
  complete: "import os; os.pat",
};

/**
 * `rig` is a folder that holds the peers: `python -m venv venv && venv/bin/pip install ipykernel`,
 * `npm i --prefix tslab tslab`, `npm i --prefix deno deno`, and as `before` an earlier checkout of this project, built.
 * What is not there is not timed.
 */
export function kernels(rig) {
  const peers = [
    {
      name: "tslab",
      typeChecks: true,
      program: join(rig, "tslab/node_modules/.bin/tslab"),
      command: (file) => [join(rig, "tslab/node_modules/.bin/tslab"), "kernel", "--config-path", file],
      cwd: join(rig, "tslab"),
      cells: TYPESCRIPT,
    },
    {
      name: "deno",
      typeChecks: false,
      program: join(rig, "deno/node_modules/.bin/deno"),
      command: (file) => [
        join(rig, "deno/node_modules/@deno/linux-x64-glibc/deno"),
        "jupyter",
        "--kernel",
        "--conn",
        file,
      ],
      cwd: join(rig, "deno"),
      env: { DENO_NO_UPDATE_CHECK: "1" },
      cells: TYPESCRIPT,
    },
    {
      name: "ipykernel",
      typeChecks: false,
      program: join(rig, "venv/bin/python"),
      command: (file) => [join(rig, "venv/bin/python"), "-m", "ipykernel_launcher", "-f", file],
      cwd: rig,
      cells: PYTHON,
    },
  ];
  const own = {
    name: "npulab",
    typeChecks: true,
    command: (file) => [...kernelCommand(file)],
    cwd: join(here, "notebooks"),
    // What the first kernel on a machine leaves for all later ones.
    prepare: () => buildSnapshot({ folder: join(here, "notebooks") }),
    // What this project's own notebooks open with, on top of what every TypeScript kernel is asked to import.
    cells: {
      ...TYPESCRIPT,
      imports: [
        ...TYPESCRIPT.imports,
        'import { analyze, load, preset, romTable, show } from "npulab"',
        'import * as aq from "arquero"',
      ],
    },
  };
  const program = join(rig, "before/dist/kernel/main.js");
  const command = (file) => own.command(file).map((part) => (part.endsWith("main.js") ? program : part));
  return [
    own,
    ...[{ ...own, name: "npulab before", program, command }, ...peers].filter(({ program }) =>
      existsSync(program),
    ),
  ];
}
