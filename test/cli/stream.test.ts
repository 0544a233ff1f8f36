/** The commands on streaming, moves and offload rates: the built program, its JSON, one line for what goes wrong. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { K210Analysis } from "../../lib/analyze/k210-record.js";
import type { MovesAnalysis } from "../../lib/analyze/moves-record.js";
import type { OffloadStudy } from "../../lib/analyze/offload-record.js";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-stream-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npulab = (...words: string[]) => spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });

describe("npulab analyze --target k210", () => {
  it("prints what does not fit and the largest picture that does", () => {
    const { status, stdout } = npulab("analyze", "built:squeezenet_v1.1_224", "--target", "k210");
    expect(status).toBe(0);
    expect(stdout).toContain("on the K210");
    expect(stdout).toContain("Weights in RAM, or streamed");
  });

  it("prints one JSON object, and a page", () => {
    const page = join(folder, "k210.html");
    const { stdout } = npulab(
      ...["analyze", "built:mobilenet_v1_0.25_96", "--target", "k210", "--json", "--html", page],
    );
    const analysis = JSON.parse(stdout) as K210Analysis;
    expect([analysis.schema, analysis.fits]).toEqual(["npulab/k210@1", true]);
    expect(existsSync(page)).toBe(true);
  });
});

describe("npulab moves", () => {
  it("keeps to the room that it is given", () => {
    const { stdout } = npulab("moves", "built:mobilenet_v2_1.0_224", "--room", "100", "--json");
    const moves = JSON.parse(stdout) as MovesAnalysis;
    expect(moves.roomBytes).toBe(102_400);
    expect(moves.chosen.bytes).toBeLessThanOrEqual(102_400);
  });

  it("says what is no room", () => {
    const { status, stderr } = npulab("moves", "built:ad01", "--room", "much");
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(
      "npulab: Cannot read --room 'much': expected KiB, zero or more. Hint: for example --room 512",
    );
  });
});

describe("npulab offload", () => {
  it("judges the claims", () => {
    const { stdout } = npulab("offload", "--json");
    const study = JSON.parse(stdout) as OffloadStudy;
    expect(study.claims).toHaveLength(9);
    expect(study.claims.some(({ verdict }) => verdict === "contradicted")).toBe(true);
  });
});
