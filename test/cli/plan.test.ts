import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
const EIGHT = "id,lower,upper,size\n0,1,4,1\n1,3,5,2\n2,0,2,3\n3,2,4,2\n4,1,3,1\n5,0,1,2\n6,2,3,1\n7,4,5,3\n";
let folder: string;
let problem: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-plan-"));
  problem = join(folder, "eight.csv");
  writeFileSync(problem, EIGHT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plan(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "plan", ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("npulab plan", () => {
  it("writes offsets, exit 0", () => {
    const out = join(folder, "solution.csv");
    expect(plan(problem, "--capacity", "6", "--out", out)).toMatchObject({ status: 0, stderr: "" });
    const lines = readFileSync(out, "utf8").trim().split("\n");
    expect(lines[0]).toBe("id,lower,upper,size,offset");
    expect(lines).toHaveLength(9);
  });

  it("proves impossible, exit 1, with the witness where the load settles it", () => {
    const bySearch = plan(problem, "--capacity", "5");
    expect(bySearch).toMatchObject({ status: 1, stderr: "" });
    expect(bySearch.stdout).toContain("impossible in 5 bytes: every way was tried");
    const byLoad = plan(problem, "--capacity", "4", "--json");
    expect(byLoad.status).toBe(1);
    expect(JSON.parse(byLoad.stdout)).toMatchObject({
      schema: "npulab/plan@1",
      kind: "impossible",
      proof: "load",
      boundBytes: 5,
      boundAt: 0,
      witness: ["2", "5"],
    });
  });

  it("names what is wrong with a file or an option, exit 2", () => {
    const bad = join(folder, "bad.csv");
    writeFileSync(bad, "id,lower,upper,size\na,3,1,4\n");
    const { status, stderr } = plan(bad, "--capacity", "5");
    expect(status).toBe(2);
    expect(stderr).toContain("buffer 'a' lives from 3 to 1, expected an end after the start (line 2, upper)");
    expect(plan(join(folder, "none.csv"), "--capacity", "5").status).toBe(2);
    expect(plan(problem, "--capacity", "-5").status).toBe(2);
    expect(plan(problem).status).toBe(2);
    expect(plan(problem, "--capacity", "6", "--out", join(folder, "no", "where.csv")).status).toBe(2);
  });

  it("says when it was not decided in time, exit 3", () => {
    const { status, stdout } = plan(problem, "--capacity", "5", "--timeout", "0.000001");
    expect(stdout).toContain("not decided");
    expect(status).toBe(3);
  });
});
