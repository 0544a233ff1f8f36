import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIntelHex } from "../../../lib/formats/vendor/intel-hex.js";
import { intelHex } from "../../../lib/formats/vendor/intel-hex-write.js";

describe("intelHex()", () => {
  it("reproduces its worked example", () => {
    expect(intelHex(Uint8Array.of(1, 2), 0x7000_0010)).toBe(
      ":0200000470008A\n:020010000102EB\n:00000001FF\n",
    );
  });

  it("is read back as one segment, across 64 KiB too", () => {
    const nearBorder = fc.integer({ min: 0xffc0, max: 0x10010 }).map((low) => 0x7000_0000 + low);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), nearBorder, (data, address) => {
        const { segments } = parseIntelHex(intelHex(data, address));
        expect(segments.map((segment) => [segment.address, [...segment.data]])).toEqual([
          [address, [...data]],
        ]);
      }),
    );
  });

  it("refuses addresses that leave 32 bits", () => {
    expect(() => intelHex(Uint8Array.of(1, 2), 2 ** 32 - 1)).toThrow("Cannot write 2 bytes from address");
  });
});
