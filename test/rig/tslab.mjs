/**
 * The library in a plain tslab kernel, and a notebook with tslab's habits in ours: the same notebook, cell by
 * cell, through both.
 *
 *     npm run build && node test/rig/tslab.mjs
 *
 * Installs tslab into a temporary folder, or takes the one in NPULAB_TSLAB (its executable).
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { check, finish, skip } from "./report.mjs";

const VERSION = "1.0.22";
const INSTALL_MS = 180_000;
const repository = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "npulab-tslab-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function installed() {
  if (process.env.NPULAB_TSLAB !== undefined) return process.env.NPULAB_TSLAB;
  const tool = join(folder, "tool");
  mkdirSync(tool);
  const args = ["install", "--prefix", tool, "--no-audit", "--no-fund", `tslab@${VERSION}`];
  const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", timeout: INSTALL_MS });
  if (status !== 0) skip(`tslab ${VERSION} cannot be installed: ${String(stderr).trim().split("\n").at(-1)}`);
  return join(tool, "node_modules/.bin/tslab");
}

const tslab = installed();
const { startKernel } = await import(join(repository, "dist/kernel/client.js"));

// A project as tslab's users have it: packages in a folder, npulab as it is published. The compiler of tslab
// names types by where the files of their packages are, so those are copies; the others may be links.
const work = join(folder, "work");
const packages = join(work, "node_modules");
mkdirSync(join(packages, "@types"), { recursive: true });
const copies = ["arquero", "@uwdata", "acorn", "@types/node", "undici-types"];
for (const name of copies)
  cpSync(join(repository, "node_modules", name), join(packages, name), {
    recursive: true,
    dereference: true,
  });
for (const name of readdirSync(join(repository, "node_modules"))) {
  if (!name.startsWith(".") && !existsSync(join(packages, name)))
    symlinkSync(join(repository, "node_modules", name), join(packages, name));
}
const { files } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
for (const name of ["package.json", ...files])
  cpSync(join(repository, name), join(packages, "npulab", name), { recursive: true });
const notebook = JSON.parse(readFileSync(join(import.meta.dirname, "plain-tslab.ipynb"), "utf8"));
const sources = notebook.cells
  .filter((cell) => cell.cell_type === "code")
  .map((cell) => [].concat(cell.source).join(""));

async function runAll(command) {
  const kernel = await startKernel({ cwd: work, ...(command === undefined ? {} : { command }) });
  const ran = [];
  try {
    for (const source of sources) {
      const { reply, outputs } = await kernel.execute(source);
      const printed = (name) =>
        outputs
          .filter(({ header, content }) => header.msg_type === "stream" && content.name === name)
          .map(({ content }) => content.text)
          .join("");
      const shown = outputs
        .filter(({ header }) => /display_data$/.test(header.msg_type))
        .map(({ header, content }) => [header.msg_type, content.data]);
      ran.push({ status: reply.status, stdout: printed("stdout"), stderr: printed("stderr"), shown });
    }
  } finally {
    await kernel.shutdown();
  }
  return ran;
}

const plain = await runAll((file) => [tslab, "kernel", `--config-path=${file}`]);
const ours = await runAll();
for (const [index, source] of sources.entries()) {
  const [theirs, mine] = [plain[index], ours[index]];
  const title = `cell ${index + 1} (${source.split("\n")[0].slice(0, 50)})`;
  check(`${title} runs in tslab ${VERSION}`, theirs.status === "ok", theirs.stderr);
  check(`${title} runs in npulab's kernel`, mine.status === "ok", mine.stderr);
  check(`${title} prints the same in both`, theirs.stdout === mine.stdout, theirs.stdout.slice(0, 120));
  const bundles = ({ shown }) => JSON.stringify(shown.map(([type, data]) => [type, data]));
  check(
    `${title} shows the same in both`,
    bundles(theirs) === bundles(mine),
    bundles(theirs) === bundles(mine)
      ? `${mine.shown.length} displays`
      : `${bundles(theirs).slice(0, 200)} ≠ ${bundles(mine).slice(0, 200)}`,
  );
}
finish();
