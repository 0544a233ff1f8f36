import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { installKernelSpec } from "../../kernel/kernelspec.js";

const folder = mkdtempSync(join(tmpdir(), "npulab-spec-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("installKernelSpec()", () => {
  test("writes kernel.json below a prefix, with absolute paths", () => {
    const installed = installKernelSpec({ prefix: folder });
    expect(installed).toBe(join(folder, "share", "jupyter", "kernels", "npulab"));
    const spec = JSON.parse(readFileSync(join(installed, "kernel.json"), "utf8"));
    expect(spec).toMatchObject({ language: "typescript", interrupt_mode: "message" });
    expect(spec.argv[0]).toBe(process.execPath);
    expect(spec.argv.at(-2)).toMatch(/^\/.*\/dist\/kernel\/main\.js$/);
    expect(spec.argv.at(-1)).toBe("{connection_file}");
  });

  test("writes to the user's data folder otherwise", () => {
    const env = { XDG_DATA_HOME: join(folder, "data") };
    expect(installKernelSpec({ env, platform: "linux" })).toBe(
      join(folder, "data", "jupyter", "kernels", "npulab"),
    );
    const own = { JUPYTER_DATA_DIR: join(folder, "own") };
    expect(installKernelSpec({ env: own })).toBe(join(folder, "own", "kernels", "npulab"));
  });
});
