import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readMpool } from "../../../lib/formats/vendor/mpool.js";
import { editMpool, type PoolEdit } from "../../../lib/formats/vendor/mpool-edit.js";
import { describeShared, requireShared } from "../../shared.js";

const FILE = `{ "memory": {\t"mem_file_prefix": "atonbuf", "mempools": [
  { "fname": "AXISRAM5", "name": "npuRAM5",   "fformat": "FORMAT_RAW",
    "prop": { "rights": "ACC_WRITE", "throughput": "HIGH", "latency": "LOW", "byteWidth": 8, "freqRatio": 1.250 },
    "offset": { "value": "0x342e0000", "magnitude": "BYTES" }, "size": { "value": "448", "magnitude": "KBYTES" } },
  { "fname": "xSPI2", "name": "octoFlash", "fformat": "FORMAT_RAW",
    "prop": { "rights": "ACC_READ", "throughput": "MID", "latency": "HIGH", "byteWidth": 1, "freqRatio": 6.00,
              "cacheable": "CACHEABLE_ON", "constants_preferred": "true" },
    "offset": { "value": "0x70380000", "magnitude": "BYTES" }, "size": { "value": 61, "magnitude": "MBYTES" } }
] } }
`;

describe("editMpool()", () => {
  it("changes the value alone and keeps how the file spells it", () => {
    expect(editMpool(FILE, "octoFlash", { sizeBytes: 0 })).toBe(FILE.replace('"value": 61', '"value": 0'));
    expect(editMpool(FILE, "npuRAM5", { sizeBytes: 1024 })).toBe(FILE.replace('"448"', '"1"'));
    expect(editMpool(FILE, "npuRAM5", { offset: 0x342f0000 })).toBe(FILE.replace("0x342e0000", "0x342f0000"));
    expect(editMpool(FILE, "octoFlash", { offset: 0x71000000 })).toBe(
      FILE.replace("0x70380000", "0x71000000"),
    );
    expect(editMpool(FILE, "octoFlash", { cacheable: false, rights: "write" })).toBe(
      FILE.replace("CACHEABLE_ON", "CACHEABLE_OFF").replace("ACC_READ", "ACC_WRITE"),
    );
  });

  it("changes the unit where the size is not whole in it", () => {
    expect(editMpool(FILE, "npuRAM5", { sizeBytes: 1000 })).toBe(
      FILE.replace('"448", "magnitude": "KBYTES"', '"1000", "magnitude": "BYTES"'),
    );
  });

  it("adds keys that the file does not have", () => {
    const edited = editMpool(FILE, "npuRAM5", { constantsPreferred: true, mode: "relative" });
    expect(edited).toContain('"rights": "ACC_WRITE", "constants_preferred": "true",');
    expect(edited).toContain('"FORMAT_RAW", "mode": "USEMODE_RELATIVE",');
    expect(readMpool(edited).pools[0]).toMatchObject({ constantsPreferred: true, mode: "relative" });
  });

  it("leaves the text as it is when it says so already, with its byte order mark and line ends", () => {
    const windows = `\uFEFF${FILE.replaceAll("\n", "\r\n")}`;
    const same: PoolEdit = { sizeBytes: 61 * 1024 * 1024, rights: "read", cacheable: true, mode: "absolute" };
    expect(editMpool(windows, "octoFlash", same)).toBe(windows);
    expect(editMpool(windows, "octoFlash", { sizeBytes: 0 })).toBe(
      windows.replace('"value": 61', '"value": 0'),
    );
  });

  it("refuses pools that are not there, and impossible numbers", () => {
    expect(() => editMpool(FILE, "hyperRAM", { sizeBytes: 0 })).toThrow(
      /it has 0 pools 'hyperRAM', expected one/,
    );
    for (const sizeBytes of [-1, 0.5, 2 ** 40, Number.NaN]) {
      expect(() => editMpool(FILE, "octoFlash", { sizeBytes })).toThrow(/expected a whole number from 0/);
    }
    expect(() => editMpool(FILE, "octoFlash", { offset: -4 })).toThrow(/offset of 'octoFlash' is -4/);
  });
});

describeShared("editMpool() on files as used", () => {
  const folder = requireShared("compiled/mpool");
  it.each(readdirSync(folder).filter((name) => name.endsWith(".mpool")))(
    "takes %s there and back",
    (name) => {
      const text = readFileSync(`${folder}/${name}`, "utf8");
      for (const { name: pool, sizeBytes, offset, mode } of readMpool(text).pools) {
        if (sizeBytes === null || mode === "relative") continue;
        const away = editMpool(text, pool, { sizeBytes: 0, offset: offset + 0x100000 });
        expect(editMpool(text, pool, { sizeBytes, offset })).toBe(text);
        const back = readMpool(editMpool(away, pool, { sizeBytes, offset })).pools;
        expect(back.map(({ place: _, ...fields }) => fields)).toEqual(
          readMpool(text).pools.map(({ place: _, ...fields }, index) => ({
            ...fields,
            magnitude: back[index]!.magnitude,
          })),
        );
        const changed = away.split("\n").filter((line, index) => line !== text.split("\n")[index]);
        expect(changed.length).toBeLessThanOrEqual(4);
      }
    },
  );
});
