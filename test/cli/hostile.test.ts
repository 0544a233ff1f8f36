/** Every command on files that are broken or made to do harm: one line, an exit status that says so, no stack. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyOnnx, tinyTflite } from "../../datasets/fixtures/make.js";
import { ONNX_BOMBS, TFLITE_BOMBS } from "../formats/bombs.js";
import { bytesOf, modelOf, nodeOf, text } from "../formats/protobuf-by-hand.js";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-hostile-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const circle = () =>
  modelOf([bytesOf(1, nodeOf("Relu", ["b"], ["a"])), bytesOf(1, nodeOf("Relu", ["a"], ["b"]))]);
/** A name so long that a line must not repeat it. */
const longName = () =>
  modelOf([bytesOf(1, nodeOf("Relu", ["n".repeat(100_000)], ["a"])), bytesOf(12, text(1, "a"))]);

const FILES: readonly (readonly [file: string, make: () => Uint8Array])[] = [
  ["cut.tflite", () => tinyTflite().subarray(0, 700)],
  ["cut.onnx", () => tinyOnnx().subarray(0, 700)],
  ["circle.onnx", circle],
  ["long-name.onnx", longName],
  ["doubling.onnx", ONNX_BOMBS["functions that double"]!],
  ["deep.onnx", ONNX_BOMBS["graphs 5,000 deep"]!],
  ["sparse.tflite", TFLITE_BOMBS["a sparse constant of 2 GB in 300 bytes"]!],
];

const COMMANDS: readonly ((path: string) => readonly string[])[] = [
  (path) => ["inspect", path],
  (path) => ["analyze", path],
  (path) => ["pack", path, "--out", join(folder, "packed")],
  (path) => ["convert", path, join(folder, "out.onnx")],
  (path) => ["diff", path, path],
  (path) => ["cliffs", path, "--resolution", "96..128/16"],
  (path) => ["compare", path, path],
];

describe("npulab", () => {
  it.each(FILES)(
    "says in one line what is wrong with %s, whatever the command",
    (file, make) => {
      const path = join(folder, file);
      writeFileSync(path, make());
      for (const command of COMMANDS) {
        const words = command(path);
        const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });
        // As with diff(1), 1 says that the files differ, and 2 that they could not be compared.
        const trouble = words[0] === "diff" ? 2 : 1;
        expect([words[0], status, stderr]).toEqual([
          words[0],
          trouble,
          expect.stringMatching(/^npulab: Cannot /),
        ]);
        expect(stderr.trim().split("\n")).toHaveLength(1);
        expect(stderr.length).toBeLessThan(4_000);
        expect(stderr).not.toMatch(/\bat .*:\d+:\d+/);
      }
    },
    30_000,
  );
});
