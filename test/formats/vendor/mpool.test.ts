import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { LabError } from "../../../lib/errors.js";
import { parseJson } from "../../../lib/formats/vendor/json.js";
import { readMpool } from "../../../lib/formats/vendor/mpool.js";
import { lintMpool } from "../../../lib/formats/vendor/mpool-lint.js";
import { describeShared, requireShared } from "../../shared.js";

const pool = ({
  name = "npuRAM5",
  offset = "0x342E0000",
  size = "448",
  magnitude = "KBYTES",
  prop = "",
  more = "",
} = {}) =>
  `{ "fname": "AXISRAM5", "name": "${name}", "fformat": "FORMAT_RAW",
  "prop": { "rights": "ACC_WRITE", "throughput": "HIGH", "latency": "LOW", "byteWidth": 8, "freqRatio": 1.25, "read_power": 18.5${prop} },
  "offset": { "value": "${offset}", "magnitude": "BYTES" },
  "size": { "value": "${size}", "magnitude": "${magnitude}" }${more} }`;

const file = (...pools: string[]) =>
  `{ "memory": { "mem_file_prefix": "atonbuf", "mempools": [\n${pools.join(",\n")}\n] } }`;

function failure(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected a LabError");
}

const codes = (...pools: string[]) => lintMpool(readMpool(file(...pools))).map(({ code }) => code);

it("parseJson() agrees with JSON.parse and knows where values stand", () => {
  const text = '{"memory": {"mempools": [\n   {"name": "npuRAM5", "size": 448}\n]}}';
  const json = parseJson(text, "t");
  expect(JSON.stringify(json.value)).toBe(JSON.stringify(JSON.parse(text)));
  expect(json.locate(["memory", "mempools", 0, "size"])).toEqual({ line: 2, column: 32 });
  expect(json.locate(["memory", "mempools", 0, "missing"])).toEqual({ line: 2, column: 4 });
});

it.each([
  ['{"a": 1,}', "line 1, column 9", "a key in double quotes"],
  ['{\n  "a": [1 2]\n}', "line 2, column 11", "',' or ']'"],
  ['{"a": 1', "line 1, column 8", "',' or '}'"],
  ['{"a": 0x10}', "line 1, column 8", "',' or '}'"],
  ['{"a": 1, "a": 2}', "line 1, column 10", "'a' is repeated"],
  ["", "line 1, column 1", "a value"],
  ['"a\nb"', "line 1, column 1", "a string that ends on its line"],
])("parseJson() places the fault of %j", (text, at, expected) => {
  const error = failure(() => parseJson(text, "x.mpool"));
  expect(error.at).toBe(at);
  expect(error.message).toContain(expected);
});

it("readMpool() reads units, addresses and flags, and keeps keys it does not know", () => {
  const { pools, filePrefix } = readMpool(
    file(
      pool({ prop: ', "cacheable": "CACHEABLE_OFF", "constants_preferred": "true"', more: ', "busNode": 3' }),
    ),
  );
  expect(filePrefix).toBe("atonbuf");
  expect(pools[0]).toMatchObject({
    name: "npuRAM5",
    rights: "write",
    offset: 0x342e0000,
    sizeBytes: 448 * 1024,
    freqRatio: 1.25,
    cacheable: false,
    constantsPreferred: true,
    mode: "absolute",
    extra: { busNode: 3, readPower: 18.5 },
  });
});

it("readMpool() says where a key is missing or a unit is unknown", () => {
  const missing = failure(() => readMpool(file(pool().replace('"rights": "ACC_WRITE", ', "")), "a.mpool"));
  expect(missing.message).toContain("memory.mempools[0].prop.rights");
  expect(missing.at).toBe("line 3, column 11");
  const unit = failure(() => readMpool(file(pool(), pool({ name: "b", magnitude: "KB" }))));
  expect(unit.message).toContain("memory.mempools[1].size.magnitude");
  const negative = failure(() => readMpool(file(pool({ size: "-1" }))));
  expect(negative.message).toContain("memory.mempools[0].size.value");
});

it("lintMpool() finds overlaps, holes, cacheable internal memory, wrong units and unused pools", () => {
  expect(codes(pool())).toEqual(["NO_CONSTANTS_POOL"]);
  const flash = pool({
    name: "octoFlash",
    offset: "0x70000000",
    prop: ', "constants_preferred": "true"',
  }).replace("ACC_WRITE", "ACC_READ");
  expect(codes(pool(), flash)).toEqual([]);
  expect(codes(pool(), pool({ name: "b", offset: "0x34300000" }), flash)).toEqual(["OVERLAP"]);
  expect(codes(pool(), pool({ name: "b", offset: "0x34350001" }), flash)).toEqual(["HOLE"]);
  expect(codes(pool({ prop: ', "cacheable": "CACHEABLE_ON"' }), flash)).toEqual(["CACHEABLE_INTERNAL"]);
  expect(codes(pool({ magnitude: "MBYTES" }), flash)).toEqual(["TOO_LARGE"]);
  expect(codes(pool({ size: "0" }), pool({ name: "b" }), flash)).toEqual(["UNUSED"]);
  expect(codes(pool({ offset: "0x34064000" }), flash)).toEqual(["FIRMWARE"]);
  expect(codes(pool({ size: "448", magnitude: "BYTES" }), flash)).toEqual(["UNIT"]);
  expect(codes(pool(), flash.replace('"448"', '"4096"'))).toEqual(["FIRMWARE"]);
});

it("lintMpool() finds pools whose rights or mode do not suit their memory", () => {
  const flash = pool({ name: "octoFlash", offset: "0x71000000", prop: ', "constants_preferred": "true"' });
  const readOnly = (text: string) => text.replace("ACC_WRITE", "ACC_READ");
  expect(codes(pool(), readOnly(flash))).toEqual([]);
  expect(codes(pool(), flash)).toEqual(["WRITABLE_FLASH"]);
  expect(codes(readOnly(pool()), flash)).toEqual(["READ_ONLY_RAM", "WRITABLE_FLASH"]);
  expect(codes(readOnly(pool()), readOnly(flash))).toEqual(["READ_ONLY_RAM", "NO_ACTIVATION_POOL"]);
  const relative = (name: string, offset = "0") =>
    pool({ name, offset, more: ', "mode": "USEMODE_RELATIVE"' });
  expect(codes(pool(), readOnly(flash), relative("a", "0x34200000"))).toEqual(["RELATIVE_INTERNAL"]);
  expect(codes(pool(), readOnly(flash), relative("a"), relative("b"))).toEqual([]);
  expect(codes(pool(), readOnly(flash), relative("a"), relative("b"), relative("c"))).toEqual([
    "RELATIVE_COUNT",
  ]);
});

describeShared("memory pool files as used", () => {
  const folder = requireShared("compiled/mpool");
  const names = readdirSync(folder).filter((name) => name.endsWith(".mpool"));

  it.each(names)("readMpool() reads %s without errors", (name) => {
    const read = readMpool(readFileSync(`${folder}/${name}`, "utf8"), name);
    expect(read.pools.length).toBeGreaterThan(5);
    expect(lintMpool(read).filter(({ severity }) => severity === "error")).toEqual([]);
    const bank = read.pools.find((entry) => entry.name === "npuRAM6")!;
    expect(bank).toMatchObject({ offset: 0x34350000, sizeBytes: 448 * 1024, throughput: "HIGH" });
  });
});
