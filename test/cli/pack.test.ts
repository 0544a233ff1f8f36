/** `npulab pack` as people use it: the built program, its files, one clear line for what goes wrong. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PackLedger } from "../../lib/targets/neural-art/packing/pack-ledger.js";
import { describeShared, requireShared } from "../shared.js";

const MAIN = resolve(import.meta.dirname, "../../dist/cli/main.js");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "npulab-pack-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pack = (...words: string[]) =>
  spawnSync(process.execPath, [MAIN, "pack", ...words], { encoding: "utf8" });
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("npulab pack", () => {
  it("writes an image, its ledger and Intel HEX", () => {
    const [out, ledger, hex] = ["image.bin", "ledger.json", "image.hex"].map((name) => join(folder, name));
    const { status, stderr } = pack(
      ...["built:mobilenet_v1_0.25_96", "--tool", "3.0", "--epoch-controller", "off"],
      ...["--out", out!, "--ledger", ledger!, "--hex", hex!, "--base", "0x71000000"],
    );
    expect(status).toBe(0);
    expect(stderr).toMatch(/20 assumed, 0 unknown\n.*: 20 bytes assumed: no image .* per-tensor weights/);
    const image = readFileSync(out!);
    const record = JSON.parse(readFileSync(ledger!, "utf8")) as PackLedger;
    expect(record).toMatchObject({
      schema: "npulab/pack@1",
      imageBytes: image.length,
      sha256: sha256(image),
    });
    for (const buffer of record.buffers) {
      const bytes = image.subarray(buffer.offset, buffer.offset + buffer.bytes);
      expect(sha256(bytes)).toBe(buffer.sha256);
      expect(Object.values(buffer.causes).reduce((a, b) => a + b, 0)).toBe(buffer.bytes);
      if (buffer.content === "unknown") expect(bytes.every((value) => value === 0)).toBe(true);
    }
    expect(Object.values(record.causes).reduce((a, b) => a + b, 0)).toBe(image.length);
    const lines = readFileSync(hex!, "utf8").trim().split("\n");
    expect([lines[0], lines.at(-1)]).toEqual([":02000004710089", ":00000001FF"]);
    const first = Buffer.from(lines[1]!.slice(9, -2), "hex");
    expect(Buffer.compare(first, image.subarray(0, first.length))).toBe(0);
  });

  it("refuses an address that is none", () => {
    const { status, stderr } = pack("built:mobilenet_v1_0.25_96", "--out", "x.bin", "--base", "flash");
    expect(status).toBe(1);
    expect(stderr).toMatch(/Cannot read --base 'flash': expected an address of 32 bits/);
  });
});

describeShared("npulab pack on a compiled network", () => {
  it("writes the image of the vendor's tool, every byte of it", () => {
    const out = join(folder, "rppg.bin");
    const model = requireShared("models/rppg/spatial_cnn_int8.tflite");
    const { status, stderr } = pack(model, "--tool", "2.2", "--epoch-controller", "off", "--out", out);
    expect(status).toBe(0);
    expect(stderr).toContain("0 assumed, 0 unknown");
    const compiled = readFileSync(requireShared("compiled/images/bcph_rppg.xSPI2.bin"));
    expect(Buffer.compare(readFileSync(out), compiled)).toBe(0);
  });
});
