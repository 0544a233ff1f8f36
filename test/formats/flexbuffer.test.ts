import { encode } from "flatbuffers/mjs/flexbuffers.js";
import { describe, expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { flexMap } from "../../lib/formats/shared/flexbuffer.js";

describe("flexMap()", () => {
  it.each([
    {},
    { shift: 12 },
    { small: 1, negative: -5, word: 40000, wide: -70000, huge: 2 ** 40 },
    { third: 1 / 3, fifth: 0.2, flag: true, off: false },
    { half: 0.5, quarter: 0.25 },
    { text: "a word", long: "x".repeat(300), count: 3 },
  ])("reads map %# as the writer of flatbuffers writes it", (values) => {
    expect(Object.fromEntries(flexMap(Uint8Array.from(encode(values))))).toEqual(values);
  });

  it("leaves lists and maps inside out, by name", () => {
    expect(flexMap(Uint8Array.from(encode({ list: [1, 2, 3], shift: 2 })))).toEqual(
      new Map<string, unknown>([
        ["list", null],
        ["shift", 2],
      ]),
    );
  });

  it("refuses every shortened or foreign buffer with an error, never a hang", () => {
    const whole = Uint8Array.from(encode({ shift: 12, text: "a word" }));
    for (let length = 0; length < whole.length; length++) {
      try {
        flexMap(whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(LabError);
      }
    }
    expect(() => flexMap(Uint8Array.from(encode([1, 2])))).toThrow("expected a map");
    expect(() => flexMap(new Uint8Array(0))).toThrow(LabError);
  });
});
