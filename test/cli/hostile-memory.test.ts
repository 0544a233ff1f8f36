/**
 * What a process takes for files that claim far more than they are: read by the built program in a process of its
 * own, whose peak resident memory is held against that of the same process with a small file.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyOnnx, tinyTflite } from "../../datasets/fixtures/make.js";
import { ONNX_BOMBS, TFLITE_BOMBS } from "../formats/bombs.js";

const DIST = resolve(import.meta.dirname, "../../dist");
/** Of the processor, so that a busy machine is no slow reader; threads that collect garbage are counted in. */
const TIME_LIMIT_MS = 2_000;
const GROWTH = 4;
/**
 * 32 MiB that any file may take (lib/formats/shared/budget.ts), and 96 MiB of V8's: its young generation is 3 × 16
 * MiB, the old one is swept only when it has grown, and freed pages are given back late.
 */
const ALWAYS_FINE = (32 + 96) << 20;

/** Opens the small file, then the other, reads all constants, and says what that took. */
const CHILD = `
import { load } from ${JSON.stringify(pathToFileURL(join(DIST, "lib/node/load.js")).href)};
const survive = (path) => {
  try {
    const { model } = load(path);
    for (const graph of [model.graph, ...(model.subgraphs ?? [])])
      for (const tensor of graph.constants()) tensor.data.read();
    return { code: null, path: null, message: null };
  } catch (error) {
    const { name, code, path, message } = error;
    return name === "DecodeError" || name === "LabError" ? { code, path: path ?? null, message } : { code: "DEFECT", path: null, message: String(error.stack) };
  }
};
survive(process.argv[1]);
const peak = () => 1024 * process.resourceUsage().maxRSS;
const [before, start] = [peak(), process.cpuUsage()];
const result = survive(process.argv[2]);
console.log(JSON.stringify({ ...result, ms: process.cpuUsage(start).user / 1000, bytes: peak() - before }));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-bombs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SUITES = [
  ["onnx", ONNX_BOMBS, tinyOnnx],
  ["tflite", TFLITE_BOMBS, tinyTflite],
] as const;

describe.each(SUITES)("a process that reads %s files", (format, bombs, tiny) => {
  it.each(Object.entries(bombs))(
    "takes no more than four times the file: %s",
    (_, make) => {
      const [small, path] = [join(folder, `small.${format}`), join(folder, `bomb.${format}`)];
      const bytes = make();
      writeFileSync(small, tiny());
      writeFileSync(path, bytes);
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ["--input-type=module", "-e", CHILD, small, path],
        { encoding: "utf8" },
      );
      expect(status, stderr).toBe(0);
      const said = JSON.parse(stdout) as { code: string | null; message: string; ms: number; bytes: number };
      if (process.env.PRINT_BOMBS)
        console.info(
          `${format} ${_}: ${bytes.length} bytes, ${(said.bytes / 2 ** 20).toFixed(1)} MiB, ${said.ms.toFixed(0)} ms, ${said.code} ${said.message?.slice(0, 120)}`,
        );
      expect(said.code, said.message).not.toBe("DEFECT");
      expect(said.bytes).toBeLessThan(GROWTH * bytes.length + ALWAYS_FINE);
      expect(said.ms).toBeLessThan(TIME_LIMIT_MS);
    },
    20_000,
  );
});
