/** One kernel for the tests of a file, in a folder of its own that holds small packages and local files. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll } from "vitest";
import { type ExecuteOptions, type KernelClient, startKernel } from "../../kernel/client.js";

const repository = resolve(import.meta.dirname, "../..");

/** Returns a folder laid out like this project: a package with `exports`, and notebooks inside it. */
export function projectFolder(): {
  readonly folder: string;
  readonly notebooks: string;
  write(path: string, text: string): void;
} {
  const folder = mkdtempSync(join(tmpdir(), "npulab-project-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(
    "package.json",
    JSON.stringify({
      name: "selfish",
      type: "module",
      exports: { ".": { types: "./dist/mod.d.ts", default: "./dist/mod.js" } },
    }),
  );
  write(
    "dist/mod.js",
    "export const shared = { loads: (globalThis.loads = (globalThis.loads ?? 0) + 1) };\nexport class Graph {}\n",
  );
  write(
    "dist/mod.d.ts",
    "export declare const shared: { loads: number };\nexport declare class Graph { private id: string }\n",
  );
  mkdirSync(join(folder, "notebooks"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return { folder, notebooks: join(folder, "notebooks"), write };
}

export interface Ran {
  readonly status: string;
  readonly result: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly error: { readonly ename: string; readonly evalue: string; readonly traceback: string } | undefined;
  readonly types: readonly string[];
  readonly contents: readonly { readonly [key: string]: unknown }[];
}

export async function run(kernel: KernelClient, code: string, options: ExecuteOptions = {}): Promise<Ran> {
  const { reply, outputs } = await kernel.execute(code, options);
  const of = (type: string) =>
    outputs.filter(({ header }) => header.msg_type === type).map(({ content }) => content);
  const stream = (name: string) =>
    of("stream")
      .filter((content) => content.name === name)
      .map(({ text }) => text)
      .join("");
  const [error] = of("error");
  const [result] = of("execute_result");
  return {
    status: String(reply.status),
    result: (result?.data as { readonly "text/plain"?: string } | undefined)?.["text/plain"],
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    error: error && {
      ename: String(error.ename),
      evalue: String(error.evalue),
      traceback: stripVTControlCharacters((error.traceback as string[]).join("\n")),
    },
    types: outputs.map(({ header }) => header.msg_type),
    contents: outputs.map(({ content }) => content),
  };
}

/** Starts one kernel before the tests of the file and ends it after them. */
export function sharedKernel() {
  const project = projectFolder();
  let kernel: KernelClient | undefined;
  beforeAll(async () => {
    kernel = await startKernel({ cwd: project.notebooks });
  }, 60_000);
  afterAll(async () => {
    await kernel?.shutdown();
    rmSync(project.folder, { recursive: true, force: true });
  });
  return {
    project,
    get kernel(): KernelClient {
      if (kernel === undefined) throw new Error("the kernel has not started");
      return kernel;
    },
    run: (code: string, options?: ExecuteOptions) => run(kernel as KernelClient, code, options),
  };
}
