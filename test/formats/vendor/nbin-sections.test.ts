import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../lib/errors.js";
import { nbinFits, nbinPoolFlags, parseNbin } from "../../../lib/formats/vendor/nbin-sections.js";

/** A file with 160 bytes of code, 60 of data (a pool table among them), 2 relocations, and parameters. */
function sample({
  parameters = 64,
  bssEnd = 92,
  pools = [
    [0x01010500, 240, 0, 64],
    [0x03020200, 0, 0x342e0000, 512],
  ],
} = {}) {
  const data = new Uint8Array(240 + parameters);
  const view = new DataView(data.buffer);
  const [RAM, FILE] = [0x80000000, 0x20000000];
  const words = [
    0x4e49424e,
    0x80385d22,
    RAM,
    RAM + 60,
    FILE + 160,
    RAM + 68,
    RAM + bssEnd,
    RAM + 60,
    RAM + 68,
    FILE + 228,
    FILE + 236,
    0,
    parameters === 0 ? 0 : FILE + 240,
  ];
  for (const [index, word] of words.entries()) view.setUint32(4 * index, word >>> 0, true);
  new TextEncoder().encodeInto("flash\0", data.subarray(140));
  for (const [index, [flags, offset, destination, bytes]] of pools.entries()) {
    for (const [field, word] of [FILE + 140, flags!, offset!, destination!, bytes!].entries()) {
      view.setUint32(160 + 20 * index + 4 * field, word >>> 0, true);
    }
  }
  return data;
}

describe("parseNbin()", () => {
  it("reads sections, memory pools and the RAM that each way to install needs", () => {
    const read = parseNbin(sample());
    expect(read).toMatchObject({
      ...{ codeBytes: 160, dataBytes: 60, bssBytes: 24, gotBytes: 8, relocations: 2 },
      parameters: { offset: 240, bytes: 64 },
      ram: { xip: 96, copy: 256 },
      pools: [
        {
          name: "flash",
          type: "reloc",
          data: "parameters",
          readable: true,
          cacheable: true,
          id: 0,
          bytes: 64,
        },
        {
          name: "flash",
          type: "reset",
          data: "activations",
          writable: true,
          destination: 0x342e0000,
          bytes: 512,
        },
      ],
    });
    expect(nbinFits(read, 100)).toEqual([
      { mode: "xip", needs: 96, fits: true },
      { mode: "copy", needs: 256, fits: false },
    ]);
    expect(parseNbin(sample({ parameters: 0, pools: [[0x01010500, 0, 0, 64]] })).parameters).toBeNull();
  });

  it("nbinPoolFlags() reads the documented examples", () => {
    expect(nbinPoolFlags(0x01010500)).toMatchObject({
      type: "reloc",
      data: "parameters",
      readable: true,
      writable: false,
      cacheable: true,
      id: 0,
    });
    expect(nbinPoolFlags(0x03020200)).toMatchObject({
      type: "reset",
      data: "activations",
      writable: true,
      cacheable: false,
    });
    expect(nbinPoolFlags(0x02030200)).toMatchObject({ type: "copy", data: "mixed", writable: true });
    expect(nbinPoolFlags(0x01020601)).toMatchObject({
      type: "reloc",
      data: "activations",
      writable: true,
      cacheable: true,
      id: 1,
    });
    expect(nbinPoolFlags(0x02010100)).toMatchObject({ type: "copy", data: "parameters", readable: true });
    expect(nbinPoolFlags(0x09010100)).toBeNull();
  });

  it("refuses sections that end before they begin, and pools behind the file", () => {
    expect(() => parseNbin(sample({ bssEnd: 60 }))).toThrow(/bss end is 60, expected at least bss start, 68/);
    expect(() => parseNbin(sample({ pools: [[0x02030200, 200, 0x34000000, 4096]] }))).toThrow(
      /memory pool 0 ends at 4296/,
    );
    expect(() => parseNbin(sample({ pools: [[0x07030200, 0, 0, 0]] }))).toThrow(
      /flags of memory pool 0 are 0x07030200/,
    );
    expect(() => parseNbin(sample().subarray(0, 40))).toThrow(/rel end lies behind its end/);
  });

  it("gives sections or a DecodeError for any damaged file", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(303), fc.nat(255)), { maxLength: 12 }),
        fc.nat(304),
        (changes, length) => {
          const data = sample();
          for (const [at, value] of changes) data[at] = value;
          try {
            const read = parseNbin(data.subarray(0, length));
            expect(read.ram.copy).toBeGreaterThanOrEqual(read.ram.xip);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
    );
  });
});
