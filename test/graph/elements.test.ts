import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../../lib/graph/dtype.js";
import { decodeElements, encodeElements, lazyConstant } from "../../lib/graph/elements.js";

describe("decodeElements()", () => {
  test("reads halves: one, the smallest, the largest, infinity", () => {
    const data = Uint8Array.of(0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc);
    expect([...decodeElements("float16", data, 4)]).toEqual([1, 2 ** -24, 65504, Number.NEGATIVE_INFINITY]);
  });

  test("reads nibbles low first, with sign", () => {
    expect([...decodeElements("int4", Uint8Array.of(0x8f, 0x07), 3)]).toEqual([-1, -8, 7]);
    expect([...decodeElements("uint4", Uint8Array.of(0x8f), 2)]).toEqual([15, 8]);
  });

  test("clamps 64-bit integers that float64 does not hold", () => {
    const data = new Uint8Array(BigInt64Array.of(2n ** 63n - 1n).buffer);
    expect([...decodeElements("int64", data, 1)]).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  test("refuses data that is too short", () => {
    expect(() => decodeElements("int32", new Uint8Array(7), 2)).toThrow(/has 7 bytes, expected 8/);
  });

  test("undoes encodeElements() for every integer type", () => {
    const types: [DType, number, number][] = [
      ["int2", -2, 1],
      ["int4", -8, 7],
      ["uint4", 0, 15],
      ["int8", -128, 127],
      ["uint8", 0, 255],
      ["int16", -32768, 32767],
      ["int32", -(2 ** 31), 2 ** 31 - 1],
      ["int64", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ];
    for (const [dtype, min, max] of types) {
      fc.assert(
        fc.property(fc.array(fc.integer({ min, max }), { maxLength: 9 }), (values) => {
          expect([...decodeElements(dtype, encodeElements(dtype, values), values.length)]).toEqual(values);
        }),
        { numRuns: 30 },
      );
    }
  });

  test("reads every half as encodeElements() writes it", () => {
    const all = Float64Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00,
    );
    const data = encodeElements("uint16", all);
    expect(encodeElements("float16", decodeElements("float16", data, all.length))).toEqual(data);
  });
});

describe("lazyConstant()", () => {
  test("computes its bytes when they are read, not before", () => {
    let computed = 0;
    const constant = lazyConstant(1, () => {
      computed += 1;
      return Uint8Array.of(7);
    });
    expect(computed).toBe(0);
    const held = constant.read();
    expect(constant.read()).toBe(held);
    expect([constant.byteLength, computed]).toEqual([1, 1]);
  });
});
