import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseIntelHex } from "../../lib/formats/vendor/intel-hex.js";
import { crc32 } from "../../lib/image/crc32.js";
import { imageFiles } from "../../lib/image/files.js";
import { bytesForPool } from "../../lib/image/hex-image.js";
import { imagesOf } from "../../lib/image/images-of.js";
import { readManifest } from "../../lib/image/read-manifest.js";
import { splitOverPools } from "../../lib/image/split.js";
import { swapBytes, verifyImage } from "../../lib/image/verify.js";
import { emptied } from "../../lib/image/without-pools.js";
import type { Pool } from "../../lib/memory/problem.js";
import { load, preset } from "../../lib/node/load.js";
import { boardOf } from "../../lib/targets/neural-art/boards.js";
import { bytes } from "../../lib/units.js";
import { describeShared, requireShared } from "../shared.js";
import { sha256 } from "./samples.js";

const NETWORK = "mobilenet_v1_0.25_96";
const KIB = 1024;
const pool = (name: string, size: number, fields: Partial<Pool> = {}): Pool => ({
  ...{ name, address: 0x1000, sizeBytes: bytes(size) },
  ...{ rights: "write", external: false, constantsPreferred: false },
  ...fields,
});

describe("splitOverPools()", () => {
  const pieces = [60, 40, 30, 16].map((size, index) => ({ tensor: `w${index}`, bytes: size }));
  it("gives each pool what still fits, largest first", () => {
    const shares = splitOverPools(pieces, [
      pool("ram", 64),
      pool("flash", 100, { rights: "read", constantsPreferred: true }),
    ]);
    expect(
      shares.map(({ pool: { name }, pieces: held, bytes: used }) => [
        name,
        used,
        held.map(({ piece, offset }) => [piece.bytes, offset]),
      ]),
    ).toEqual([
      [
        "flash",
        94,
        [
          [60, 0],
          [30, 64],
        ],
      ],
      [
        "ram",
        64,
        [
          [40, 0],
          [16, 48],
        ],
      ],
    ]);
  });

  it("names the buffer that fits nowhere", () => {
    expect(() => splitOverPools(pieces, [pool("ram", 59)])).toThrow(/Cannot place 'w0': it takes 60 bytes/);
    expect(() => emptied(boardOf("stm32n6570-dk").pools, ["flash"])).toThrow(/Cannot leave out pool 'flash'/);
  });
});

describe("imagesOf()", () => {
  const request = { loaded: preset(NETWORK), options: { tool: "2.1" as const }, sha256 };

  it("gives one flash image whose files, HEX and manifest say the same", () => {
    const { images } = imagesOf(request);
    const [only] = images.images;
    const files = new Map(imageFiles(images).map(({ name, chunks }) => [name, Buffer.concat(chunks)]));
    const manifest = readManifest(files.get("manifest.json")!.toString());
    expect(manifest).toEqual(images.manifest);
    expect(manifest.pools.map(({ name, kind, bytes: size }) => [name, kind, size])).toEqual([
      ["octoFlash", "flash", only!.raw.length],
    ]);
    const { pool: held } = only!;
    expect(Buffer.compare(files.get(held.files.raw)!, only!.raw)).toBe(0);
    const hex = parseIntelHex(files.get(held.files.hex)!.toString());
    const found = bytesForPool(hex, held);
    expect(Buffer.compare(found.data, files.get(held.files.bin!)!)).toBe(0);
    expect(verifyImage({ pool: held, found, sha256 })).toMatchObject({ right: true, damages: [] });
    const seal = new DataView(found.data.buffer, found.data.byteOffset + held.seal!.address - held.address);
    expect(seal.getUint32(4, true)).toBe(held.bytes);
    expect(seal.getUint32(8, true)).toBe(crc32(only!.raw));
    expect(files.get("program.sh")!.toString()).toContain(`-el "$LOADER" -hardRst -w '${held.files.hex}' -v`);
  });

  it("moves the weights to RAM without flash and external RAM, beside the activations", () => {
    const without = ["octoFlash", "hyperRAM"];
    const { images, whatIf, activations, prediction } = imagesOf({ ...request, without });
    const { pools, store } = images.manifest;
    expect(pools.every(({ kind, seal }) => kind === "ram" && seal === null)).toBe(true);
    expect(store!.entries.map(({ bytes: size }) => size)).toEqual(pools.map(({ bytes: size }) => size));
    for (const { offset, bytes: size, crc32: crc } of store!.entries) {
      expect(crc32(images.store!.subarray(offset, offset + size))).toBe(Number.parseInt(crc, 16));
    }
    expect(whatIf!.install.bytes).toBeGreaterThan(280 * KIB);
    expect(whatIf!.afterMs).toBeLessThan(whatIf!.beforeMs);
    expect(whatIf!.pays.inferences).toBe(Math.ceil(whatIf!.install.ms / whatIf!.pays.savedMs));
    // No activation lies on a weight.
    const sizes = new Map(prediction.memory.buffers.map(({ id, sizeBytes }) => [id, sizeBytes]));
    for (const { id, address } of activations!) {
      const end = address + sizes.get(id)!;
      expect(pools.some((held) => address < held.address + held.bytes && end > held.address)).toBe(false);
    }
  });

  it("says why a network does not fit without flash", () => {
    const large = { ...request, loaded: preset("resnet18_224") };
    expect(() => imagesOf({ ...large, without: ["octoFlash", "hyperRAM"] })).toThrow(
      /Cannot do without octoFlash, hyperRAM: Cannot place \d+ bytes of weights/,
    );
  });

  it("refuses a manifest whose numbers contradict each other", () => {
    const { manifest } = imagesOf(request).images;
    const broken = (change: (value: { pools: { bytes: number; address: number }[] }) => void) => {
      const copy = structuredClone(manifest) as unknown as { pools: { bytes: number; address: number }[] };
      change(copy);
      return JSON.stringify(copy);
    };
    const [shorter, elsewhere] = [{ bytes: 10 }, { address: 16 }].map((change) =>
      broken(({ pools }) => Object.assign(pools[0]!, change)),
    );
    expect(() => readManifest(shorter!)).toThrow(/ends behind/);
    expect(() => readManifest(elsewhere!)).toThrow(/is not its pool's/);
    expect(() => readManifest('{"schema": "other"}')).toThrow(/Cannot read image manifest/);
  });
});

describeShared("imagesOf() on compiled networks", () => {
  it.each([
    ["rppg/spatial_cnn_int8.tflite", "bcph_rppg", { tool: "2.2", epochController: false }],
    ["mobilenetv1/flowers_mobilenet_v1_0.25_96_tfs_int8.tflite", "ic_mbv1_025_96_nucleo", { tool: "2.1" }],
    [
      "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
      "fd_blazeface_dk",
      { tool: "4.0" },
    ],
  ] as const)("gives the vendor's own image of %s", (model, image, options) => {
    const name = "app2_STM32N6570-DK_2.1.mpool";
    const mpool = { name, text: readFileSync(requireShared(`compiled/mpool/${name}`), "utf8") };
    const { images } = imagesOf({
      loaded: load(requireShared(`models/${model}`)),
      options: { ...options, mpool },
      sha256,
    });
    const [held] = images.images;
    const compiled = readFileSync(requireShared(`compiled/images/${image}.xSPI2.bin`));
    expect([held!.pool.address, held!.pool.files.raw]).toEqual([0x70380000, "network_atonbuf.xSPI2.raw"]);
    expect(Buffer.compare(held!.raw, compiled)).toBe(0);
    const judge = (data: Uint8Array) =>
      verifyImage({ pool: held!.pool, found: { data, origin: 0 }, sha256 }).damages.map(({ kind, by }) => [
        kind,
        by,
      ]);
    expect(judge(compiled)).toEqual([]);
    expect(judge(Buffer.concat([Buffer.alloc(4096, 0xff), compiled]))).toEqual([["shifted", 4096]]);
    expect(judge(compiled.subarray(0, compiled.length >> 1))).toEqual([["truncated", undefined]]);
    expect(judge(swapBytes(compiled, 2))).toEqual([["swapped", 2]]);
    expect(judge(swapBytes(compiled, 4))).toEqual([["swapped", 4]]);
    expect(judge(Buffer.alloc(compiled.length, 0xff))).toEqual([["erased", undefined]]);
    expect(
      judge(readFileSync(requireShared("compiled/images/mobilenetv2_050_128_2.1.xSPI2.bin")))[0]![0],
    ).toMatch(/foreign|stale|shifted/);
  });
});

/** A host's view of the chip: two memories in arrays, and what the header says of them. */
const PROGRAM = `#include <stdio.h>
#include <stdlib.h>
static unsigned char flash[4 << 20], ram[4 << 20];
#define NPULAB_AT(address) ((address) >= 0x70000000UL ? &flash[(address) - 0x70000000UL] : &ram[(address) - 0x34000000UL])
#include "npulab_weights.h"
int main(int count, char **words)
{
  FILE *file = fopen(words[1], "rb");
  long at = strtol(words[2], 0, 0);
  memset(flash, 0xff, sizeof flash);
  if (fread(flash + at, 1, sizeof flash - at, file) == 0 && at == 0) return 9;
#ifdef NPULAB_RAM_IMAGES
  printf("%d of %d\\n", npulab_install_weights(flash + at), NPULAB_RAM_IMAGES);
#else
  printf("%d\\n", (int)npulab_check_flash());
#endif
  return count == 3 ? 0 : 8;
}
`;
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

describe.skipIf(!hasCompiler)("weightsHeader(), compiled and run on this machine", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "npulab-header-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function build(without: readonly string[]) {
    const { images } = imagesOf({ loaded: preset(NETWORK), without, sha256 });
    for (const { name, chunks } of imageFiles(images))
      writeFileSync(join(folder, name), Buffer.concat(chunks));
    writeFileSync(join(folder, "check.c"), PROGRAM);
    const flags = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wno-unused-function"];
    const built = spawnSync("cc", [...flags, "-o", "check", "check.c"], { cwd: folder, encoding: "utf8" });
    expect(built.stderr).toBe("");
    const run = (file: string | Uint8Array, at = 0) => {
      const path = typeof file === "string" ? file : "damaged.bin";
      if (typeof file !== "string") writeFileSync(join(folder, path), file);
      return spawnSync("./check", [path, String(at)], { cwd: folder, encoding: "utf8" }).stdout.trim();
    };
    return { images, run };
  }

  it("tells a right, an erased, another and a damaged image apart", () => {
    const { images, run } = build([]);
    const { bin } = images.manifest.pools[0]!.files;
    const right = readFileSync(join(folder, bin!));
    expect(run(bin!)).toBe("0");
    expect(run(new Uint8Array(1 << 20).fill(0xff))).toBe("1");
    const other = Uint8Array.from(right);
    other[right.length - 8]! ^= 1;
    expect(run(other)).toBe("2");
    const damaged = Uint8Array.from(right);
    damaged[1000]! ^= 1;
    expect(run(damaged)).toBe("3");
    expect(run(bin!, 16)).toBe("3");
  });

  it("copies what lives in RAM, and notices a store that is not the right one", () => {
    const { images, run } = build(["octoFlash", "hyperRAM"]);
    const { file, entries } = images.manifest.store!;
    expect(run(file)).toBe(`${entries.length} of ${entries.length}`);
    expect(run(new Uint8Array(1 << 20).fill(0xff))).toBe(`0 of ${entries.length}`);
  });
});
