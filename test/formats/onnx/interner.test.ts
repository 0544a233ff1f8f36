import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { sha1 } from "../../../lib/formats/onnx/checksum.js";
import { hashOf, Interner } from "../../../lib/formats/onnx/interner.js";
import { bufferSource } from "../../../lib/source.js";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("Interner", () => {
  it("gives the same bytes the same number, through growing", () => {
    const interner = new Interner();
    const names = Array.from({ length: 5_000 }, (_, index) => `layer.${index}/ü`);
    const first = names.map((name) => interner.numberOf(name));
    expect(first).toEqual(names.map((_, index) => index));
    expect(names.map((name) => interner.numberOf(name))).toEqual(first);
    expect(first.map((entry) => interner.text(entry))).toEqual(names);
  });

  it("tells bytes apart that are no text", () => {
    const interner = new Interner();
    const data = new DataView(Uint8Array.of(0xff, 0xfe, 0xff).buffer);
    expect([0, 1, 2].map((at) => interner.number(data, at, at + 1))).toEqual([0, 1, 0]);
    expect(interner.number(data, 1, 1)).toBe(interner.number(data, 2, 2));
  });

  it("numberAt() says what number() says, wherever names follow each other and where they do not", () => {
    const interner = new Interner();
    const names = ["a", "b", "c", "d", "c", "e", "", "b", "d", "f", "a", "a", "a", "longer", "f", "g"];
    const told = names.map((name, index) => {
      const data = bytes(name);
      return interner.numberAt(index % 3, new DataView(data.buffer, data.byteOffset), 0, data.length);
    });
    expect(told).toEqual(names.map((name) => interner.numberOf(name)));
    expect(told.map((entry) => interner.text(entry))).toEqual(names);
  });

  it("gives texts by the page and alone, ASCII or not", () => {
    const interner = new Interner();
    const names = Array.from({ length: 1_000 }, (_, index) =>
      index < 200 ? `/model/layer.${index}/conv` : index % 300 === 0 ? `größe.${index}` : "x".repeat(index),
    );
    const entries = names.map((name) => interner.numberOf(name));
    expect(entries.map((entry) => interner.text(entry))).toEqual(names);
  });

  it("keeps its word when hashes crowd together", () => {
    // 300 names that all want slot 7 of the first 1024, found by trying.
    const slotOf = (name: string) => {
      const data = bytes(name);
      return hashOf(new DataView(data.buffer, data.byteOffset), 0, data.length) & 1023;
    };
    const names: string[] = [];
    for (let index = 0; names.length < 300; index++) {
      if (slotOf(`${index}`) === 7) names.push(`${index}`);
    }
    for (let index = 0; index < 5_000; index++) names.push(`more.${index}`);
    const interner = new Interner();
    const numbers = names.map((name) => interner.numberOf(name));
    expect(new Set(numbers).size).toBe(names.length);
    expect(names.map((name) => interner.numberOf(name))).toEqual(numbers);
  });
});

describe("sha1()", () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 1000, (1 << 20) + 3])("sums up %i bytes as others do", (length) => {
    const data = randomBytes(length);
    expect(sha1(bufferSource("data", data))).toBe(createHash("sha1").update(data).digest("hex"));
  });

  it("knows the example of the standard", () => {
    expect(sha1(bufferSource("abc", bytes("abc")))).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  });
});
