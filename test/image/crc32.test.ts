import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32, crcText, findByCrc } from "../../lib/image/crc32.js";

const ascii = (text: string) => new TextEncoder().encode(text);

it("crc32() gives the check value of the standard, and 0 for nothing", () => {
  expect(crcText(crc32(ascii("123456789")))).toBe("cbf43926");
  expect(crc32(new Uint8Array(0))).toBe(0);
});

it("findByCrc() finds a stretch by its CRC alone", () => {
  const text = ascii("xx123456789y123456789");
  expect(findByCrc(text, { length: 9, crc: 0xcbf43926 })).toEqual([2, 12]);
  expect(findByCrc(text, { length: 9, crc: 0xcbf43926, limit: 1 })).toEqual([2]);
  expect(findByCrc(text, { length: 22, crc: 1 })).toEqual([]);
});

it("findByCrc() agrees with the CRC of every window", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.nat(79),
      fc.nat(79),
      (data, from, span) => {
        const start = from % data.length;
        const length = 1 + (span % (data.length - start));
        const crc = crc32(data.subarray(start, start + length));
        const expected: number[] = [];
        for (let at = 0; at + length <= data.length; at++) {
          if (crc32(data.subarray(at, at + length)) === crc) expected.push(at);
        }
        expect(findByCrc(data, { length, crc, limit: 1000 })).toEqual(expected);
      },
    ),
  );
});
