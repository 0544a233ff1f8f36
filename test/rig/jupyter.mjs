/**
 * What the Jupyter rigs share: a project of its own, as someone has it who installed npulab (notebooks,
 * packages, a kernelspec), servers on it, and a headless browser that notes whom the pages ask.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { check, skip } from "./report.mjs";

const repository = resolve(import.meta.dirname, "../..");
export const jupyter = process.env.NPULAB_JUPYTER ?? "jupyter";
const browserPath = process.env.NPULAB_CHROMIUM ?? "/usr/bin/chromium";
const TOKEN = "rig";

/** Returns the version of a Jupyter program, undefined where it is not installed. */
export function versionOf(program) {
  const { status, stdout } = spawnSync(jupyter, [program, "--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim().split("\n").at(-1) : undefined;
}

/** Ends the rig aloud where something it cannot do without is missing. */
export function needs({ program, browser = true }) {
  if (versionOf(program) === undefined)
    skip(`'${jupyter} ${program}' does not run; install it with pip, or set NPULAB_JUPYTER`);
  if (browser && !existsSync(browserPath)) skip(`there is no browser at ${browserPath}`);
  if (!existsSync(join(repository, "dist/kernel/main.js"))) skip("the kernel is not built; npm run build");
}

export const notebookOf = (sources) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "npulab", display_name: "TypeScript (npulab)", language: "typescript" } },
  cells: sources.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  })),
});

/** `notebooks` maps file names to notebooks; `growth.ipynb` is always there. */
export function createProject(notebooks) {
  const folder = mkdtempSync(join(tmpdir(), "npulab-rig-"));
  const work = join(folder, "work");
  mkdirSync(join(work, "node_modules"), { recursive: true });
  symlinkSync(repository, join(work, "node_modules/npulab"));
  symlinkSync(join(repository, "node_modules/arquero"), join(work, "node_modules/arquero"));
  cpSync(join(repository, "notebooks/01-rom-growth.ipynb"), join(work, "growth.ipynb"));
  for (const [name, notebook] of Object.entries(notebooks))
    writeFileSync(join(work, name), JSON.stringify(notebook));
  const env = {
    ...process.env,
    HOME: folder,
    JUPYTER_PATH: join(folder, "prefix/share/jupyter"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    PATH: `${dirname(jupyter)}:${process.env.PATH}`,
  };
  const npulab = (...args) =>
    execFileSync(process.execPath, [join(repository, "dist/cli/main.js"), ...args], {
      cwd: work,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  npulab("kernel", "install", "--prefix", join(folder, "prefix"));
  check(
    "npulab kernel install: Jupyter lists the kernel",
    /npulab/.test(execFileSync(jupyter, ["kernelspec", "list"], { env, encoding: "utf8" })),
  );
  return { work, env, npulab, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** Starts `jupyter PROGRAM` on the project; resolves when it answers. */
export async function startServer({ program, project, args = [] }) {
  const port = await freePort();
  const server = spawn(
    jupyter,
    [
      program,
      "--no-browser",
      "--allow-root",
      `--ServerApp.port=${port}`,
      `--IdentityProvider.token=${TOKEN}`,
      `--ServerApp.root_dir=${project.work}`,
      ...args,
    ],
    { cwd: project.work, env: project.env, stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  server.stderr.on("data", (text) => {
    log += text;
  });
  const address = `http://127.0.0.1:${port}`;
  const stop = async () => {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    // The first asks whether one is sure, the second is.
    server.kill("SIGINT");
    server.kill("SIGTERM");
    const late = setTimeout(() => server.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(late);
  };
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${address}/api?token=${TOKEN}`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 240) {
      await stop();
      throw new Error(`jupyter ${program} did not start: ${log.slice(-2000)}`);
    }
    await new Promise((next) => setTimeout(next, 500));
  }
  return { address, token: TOKEN, stop };
}

/** Opens a browser with one page; `outside` fills with the addresses beyond `server` that it asks for. */
export async function openPage(server) {
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(60_000);
  const outside = [];
  page.on("request", (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(server.address))
      outside.push(request.url());
  });
  const until = async (holds, limitMs, what) => {
    const end = Date.now() + limitMs;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`Timed out: ${what}`);
      await page.waitForTimeout(100);
    }
  };
  return { browser, page, outside, until };
}
