/** Tells Jupyter front ends how to start the kernel: a `kernel.json`, written without Python. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../lib/errors.js";
import { PLOTLY_FILE, plotlyScript } from "./html/plotly.js";

export const KERNEL_NAME = "npulab";

export interface KernelSpec {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: "typescript";
  readonly interrupt_mode: "message";
  readonly metadata: { readonly debugger: false };
}

const NODE_OPTIONS = [
  // An interrupt cuts running code wherever it is; without this, Node's own check aborts the process.
  "--no-force-async-hooks-checks",
  // Node 20 calls `import()` from compiled cells experimental, once, in the output of some cell.
  "--disable-warning=ExperimentalWarning",
];

/** Returns the command line that starts the kernel; Jupyter replaces `{connection_file}`. */
export function kernelCommand(connectionFile: string): readonly string[] {
  return [process.execPath, ...NODE_OPTIONS, mainFile(), connectionFile];
}

/** Returns the compiled kernel beside this file or, when this file is the source, the one in `dist/`. */
function mainFile(): string {
  const beside = fileURLToPath(new URL("./main.js", import.meta.url));
  const built = fileURLToPath(new URL("../dist/kernel/main.js", import.meta.url));
  const found = [beside, built].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new LabError({
    code: "KERNEL_START",
    message: `Cannot start the kernel: '${built}' does not exist`,
    hint: "Build it first: npm run build",
  });
}

export function kernelSpec(): KernelSpec {
  return {
    argv: kernelCommand("{connection_file}"),
    display_name: "TypeScript (npulab)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false },
  };
}

export interface InstallKernelSpecOptions {
  /** Install below `PREFIX/share/jupyter` (a virtual environment, /usr/local) instead of the user's folder. */
  readonly prefix?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

/** Three bars on a chip, drawn for this project. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<rect x="8" y="8" width="48" height="48" rx="8" fill="#0072B2"/>
<path d="M16 8V2M32 8V2M48 8V2M16 62V56M32 62V56M48 62V56M8 16H2M8 32H2M8 48H2M62 16H56M62 32H56M62 48H56" stroke="#0072B2" stroke-width="4"/>
<path d="M21 46V36M32 46V26M43 46V18" stroke="#fff" stroke-width="7"/>
</svg>
`;

/**
 * Writes the kernelspec and returns the folder it is in; an earlier one of the same name is replaced. Jupyter's
 * server hands out what lies beside it: the logo, and the library that draws figures.
 */
export function installKernelSpec(options: InstallKernelSpecOptions = {}): string {
  const folder = join(dataFolder(options), "kernels", KERNEL_NAME);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), `${JSON.stringify(kernelSpec(), null, 2)}\n`);
  writeFileSync(join(folder, "logo-svg.svg"), LOGO);
  writeFileSync(join(folder, PLOTLY_FILE), plotlyScript());
  return folder;
}

/** Returns Jupyter's data folder: jupyter_core, paths.py, `jupyter_data_dir`. */
function dataFolder({
  prefix,
  env = process.env,
  platform = process.platform,
}: InstallKernelSpecOptions): string {
  if (prefix !== undefined) return join(prefix, "share", "jupyter");
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(homedir(), "Library", "Jupyter");
  if (platform === "win32") return join(env.APPDATA ?? join(homedir(), "AppData", "Roaming"), "jupyter");
  return join(env.XDG_DATA_HOME || join(env.HOME ?? homedir(), ".local", "share"), "jupyter");
}
