/** `npulab image` and `npulab image verify` as people use them: files, words and exit codes. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-image-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npulab = (...words: string[]) =>
  spawnSync(process.execPath, [MAIN, "image", ...words], { encoding: "utf8" });
const verify = (image: string, ...words: string[]) =>
  npulab("verify", join(folder, "out", image), join(folder, "out/manifest.json"), ...words);

describe("npulab image", () => {
  it("writes images, manifest, header and script, and verifies them", () => {
    const { status, stderr } = npulab("built:mobilenet_v1_0.25_96", "--out", join(folder, "out"));
    expect([status, stderr.includes("octoFlash: 287,297 bytes, 34 buffers at 0x70000000, flash")]).toEqual([
      0,
      true,
    ]);
    expect(readdirSync(join(folder, "out")).sort()).toEqual([
      "manifest.json",
      "network_atonbuf.xSPI2.bin",
      "network_atonbuf.xSPI2.hex",
      "network_atonbuf.xSPI2.raw",
      "npulab_weights.h",
      "program.sh",
    ]);
    for (const kind of ["raw", "bin", "hex"]) {
      expect(verify(`network_atonbuf.xSPI2.${kind}`)).toMatchObject({
        status: 0,
        stdout: "octoFlash: right, 287,137 of 287,137 bytes of buffers as they should be\n",
      });
    }
    expect(spawnSync("sh", ["-n", join(folder, "out/program.sh")]).status).toBe(0);
  });

  it("ends with 1 for a damaged image and says what is wrong, with 2 for what it cannot judge", () => {
    const raw = readFileSync(join(folder, "out/network_atonbuf.xSPI2.raw"));
    writeFileSync(join(folder, "out/erased.bin"), Buffer.alloc(raw.length, 0xff));
    expect(verify("erased.bin")).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("  erased: all 287,297"),
    });
    writeFileSync(join(folder, "out/swapped.bin"), Buffer.from(raw.subarray(0, raw.length & ~3)).swap32());
    const { status, stdout } = verify("swapped.bin", "--json");
    const { verdicts } = JSON.parse(stdout) as { verdicts: { damages: { kind: string; by: number }[] }[] };
    expect([status, verdicts[0]!.damages[0]]).toMatchObject([1, { kind: "swapped", by: 4 }]);
    expect(verify("absent.bin")).toMatchObject({ status: 2, stderr: expect.stringContaining("Cannot read") });
    expect(verify("erased.bin", "--pool", "x")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Cannot verify pool 'x'"),
    });
    expect(npulab("verify", "a", join(folder, "out/program.sh")).status).toBe(2);
  });

  it("says what it takes to do without flash", () => {
    const out = join(folder, "ram");
    const { status, stderr } = npulab(
      "built:mobilenet_v1_0.25_96",
      "--without",
      "octoFlash",
      "hyperRAM",
      "--out",
      out,
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/install: 287,297 bytes in 1 copies, 2\.44 ms \(2\.33 ms to 2\.88 ms\)/);
    expect(stderr).toMatch(/the copy pays after \d+ inferences/);
    expect(existsSync(join(out, "weights-for-ram.bin"))).toBe(true);
  });

  it("refuses a run without a folder, and a network that does not fit", () => {
    expect(npulab("built:resnet8_32")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("--out is missing"),
    });
    const all = npulab(
      "built:resnet18_224",
      "--without",
      "octoFlash",
      "hyperRAM",
      "--out",
      join(folder, "no"),
    );
    expect(all).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Cannot do without octoFlash, hyperRAM"),
    });
  });
});
