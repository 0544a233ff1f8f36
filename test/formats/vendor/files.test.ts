import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../lib/errors.js";
import { parseCInfo } from "../../../lib/formats/vendor/c-info/c-info.js";
import { parseIntelHex } from "../../../lib/formats/vendor/intel-hex.js";
import { parseNbinHead } from "../../../lib/formats/vendor/nbin.js";
import { openVendorFile } from "../../../lib/formats/vendor/open.js";
import { parseNeuralArtProfiles } from "../../../lib/formats/vendor/profiles.js";
import { parseTraffic } from "../../../lib/formats/vendor/traffic.js";
import { failureOf } from "./failure.js";
import { SAMPLE_HEX, SAMPLE_PROFILES, SAMPLE_TRAFFIC, sampleCInfo, sampleReport } from "./samples.js";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("parseCInfo()", () => {
  it("reads tools, buffers, pools, nodes and the footprint", () => {
    const info = parseCInfo(sampleCInfo());
    expect(info).toMatchObject({
      kind: "compiled",
      tools: [
        { name: "ST.EdgeAI.Core" },
        { options: [{ name: "-O3" }, { name: "--enable-epoch-controller" }] },
      ],
      pools: [{ name: "octoFlash", address: 0x71000000, usedBytes: 497, rights: "read" }],
      footprint: { weights: 497, activations: 1536 },
      unread: [],
    });
    expect(info.buffers.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["Conv2D_1_weights", 432],
      ["Conv2D_1_off_bias_4", 64],
    ]);
    expect(info.graphs[0]?.nodes[2]).toMatchObject({
      mapping: "ec",
      parts: [{ name: "Conv2D_1", kind: "Conv" }],
    });
  });

  it("lists keys that the schema does not name, with their values", () => {
    const { unread } = parseCInfo(sampleCInfo({ carbon: { grams: 3 } }));
    expect(unread).toEqual([{ path: "carbon", value: { grams: 3 } }]);
  });

  it("says where a value is wrong, with line, column and field", () => {
    const text = sampleCInfo().replace('"size_bytes": 432', '"size_bytes": "many"');
    const error = failureOf(() => parseCInfo(text, "x.json"));
    expect(error).toBeInstanceOf(DecodeError);
    expect(error.message).toContain("buffers[0].size_bytes");
    const line = text.split("\n").findIndex((candidate) => candidate.includes("many")) + 1;
    expect(error.at).toMatch(new RegExp(`^line ${line}, column \\d+$`));
  });

  it("refuses a buffer in a pool that is not there", () => {
    const text = sampleCInfo().replace('"mpool_id": 1', '"mpool_id": 9');
    expect(failureOf(() => parseCInfo(text)).message).toContain("is 9, expected the id of a memory pool");
  });
});

describe("parseIntelHex()", () => {
  it("reads all that a file of two segments holds", () => {
    expect(parseIntelHex(SAMPLE_HEX)).toEqual({
      title: "image.hex",
      segments: [
        { address: 0x70380000, data: Uint8Array.of(1, 2, 3, 4) },
        { address: 0x70380010, data: Uint8Array.of(5, 6, 7, 8) },
      ],
      start: { kind: "linear", address: 0x70380001 },
      records: 5,
    });
  });

  it("wraps data within a segment of record 02, and runs on past one of record 04", () => {
    const data = ":04FFFE0001020304F5\n:00000001FF\n";
    const segments = (text: string) =>
      parseIntelHex(text).segments.map(({ address, data: { length } }) => [address, length]);
    expect(segments(`:020000021000EC\n${data}`)).toEqual([
      [0x10000, 2],
      [0x1fffe, 2],
    ]);
    expect(segments(`:020000040001F9\n${data}`)).toEqual([[0x1fffe, 4]]);
  });

  it.each([
    ["a checksum", SAMPLE_HEX.replace("F2", "F3"), /checksum of a record is 1, expected 0/, "line 2"],
    [
      "a missing end",
      SAMPLE_HEX.replace(":00000001FF\n", ""),
      /end of the file, expected an end record/,
      "line 5",
    ],
    ["a byte too few", SAMPLE_HEX.replace("04F2", "F2"), /expected 4 bytes of data and a checksum/, "line 2"],
    ["a type", ":00000007F9\n", /type of a record is 7, expected 0 to 5/, "line 1"],
    [
      "an address twice",
      SAMPLE_HEX.replace(":0400100005060708D2", ":0400020005060708E0"),
      /twice, expected each address once/,
      /line/,
    ],
    ["another text", "hello", /a record is 'hello'/, "line 1"],
  ])("refuses %s", (_, text, message, at) => {
    const error = failureOf(() => parseIntelHex(text));
    expect(error).toBeInstanceOf(DecodeError);
    expect(error.message).toMatch(message);
    expect(error.at).toMatch(at);
  });
});

it("parseNbinHead() reads the flags of its worked example", () => {
  expect(parseNbinHead(Uint8Array.of(0x4e, 0x42, 0x49, 0x4e, 0x22, 0x5d, 0x38, 0x80))).toMatchObject({
    version: { major: 8, minor: 0 },
    secure: true,
    debugInfo: true,
    asynchronous: false,
    toolchain: 8,
    floatAbi: 2,
    fpu: true,
    cpuPart: 0xd22,
  });
  expect(failureOf(() => parseNbinHead(utf8("NBIN"))).message).toContain("has 4 bytes, expected at least 8");
});

describe("parseTraffic()", () => {
  it("reads epochs, sums, pools and totals", () => {
    expect(parseTraffic(SAMPLE_TRAFFIC)).toMatchObject({
      epochs: [
        { epoch: 0 },
        {
          epoch: 1,
          pools: [{ pool: "ram", readBytes: 64, writeCycles: 20 }],
          maxCycles: 40,
          further: { power: 1.5 },
        },
      ],
      sums: { "ram (r)": 64 },
      used: [
        { pool: "ram", used: { bytes: 1536 }, bytesPerSecond: 3e6 },
        { pool: "flash", used: null },
      ],
      totals: { "Total cycles": 40, "Frames/sec(1000 MHz)": 25.5 },
    });
  });

  it("refuses a row that is shorter than the header", () => {
    const error = failureOf(() => parseTraffic(SAMPLE_TRAFFIC.replace(",40,1.5", "")));
    expect(error.message).toContain("epoch 1 is 9 cells long, expected 11, as the header has");
  });
});

it("parseNeuralArtProfiles() reads past comments and lists what it does not know", () => {
  expect(parseNeuralArtProfiles(SAMPLE_PROFILES)).toMatchObject({
    profiles: [
      {
        name: "default",
        memoryPool: "./a//b.mpool",
        options: [{ name: "-O3" }, { name: "--Omax-ca-pipe", value: "4" }],
      },
    ],
    unread: [{ path: "Profiles.default.nice", value: 1 }],
  });
});

describe("openVendorFile()", () => {
  it.each([
    ["network_generate_report.txt", sampleReport(), "report"],
    ["network_c_info.json", sampleCInfo(), "c-info"],
    ["user_neuralart.json", SAMPLE_PROFILES, "profiles"],
    ["network.csv", SAMPLE_TRAFFIC, "traffic"],
    ["image.hex", SAMPLE_HEX, "intel hex"],
    ["image.raw", "\0\x01\x02", "raw image"],
    ["anything", "NBIN\0\0\0\0", "relocatable"],
  ])("says what %s is", (name, text, kind) => {
    expect(openVendorFile(name, utf8(text)).kind).toBe(kind);
  });

  it.each([
    ["model.bin", "\x1c\0\0\0TFL3", /it is a TFLite model, expected a report/],
    ["program", "\x7fELF\x01", /it is an ELF program/],
    ["package.json", '{"name": "x", "version": "1"}', /JSON of another kind \(keys name, version\)/],
    ["notes.txt", "some notes", /text of another kind/],
    ["blob", "\0\0\0\0", /neither text nor an image by its name/],
    ["empty.txt", "", /it is empty/],
  ])("says what %s is instead", (name, text, message) => {
    expect(failureOf(() => openVendorFile(name, utf8(text))).message).toMatch(message);
  });
});
