import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../lib/errors.js";
import { Message, WireFile } from "../../../lib/formats/onnx/wire.js";
import { type ByteSource, bufferSource } from "../../../lib/source.js";

const message = (...bytes: number[]) =>
  new Message({ file: new WireFile(bufferSource("bytes", Uint8Array.from(bytes))) });

function errorOf(run: () => unknown): DecodeError {
  try {
    run();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("expected a DecodeError");
}

/** Steps over all fields. */
function walk(cursor: Message): void {
  while (cursor.next());
}

describe("Message", () => {
  it("reads the worked example", () => {
    const model = message(0x08, 0x08, 0x3a, 0x02, 0x12, 0x00);
    expect(model.next()).toBe(true);
    expect([model.field, model.int64()]).toEqual([1, 8]);
    expect(model.next()).toBe(true);
    const graph = model.message("graph");
    expect(graph.path).toBe("graph");
    expect(graph.next()).toBe(true);
    expect([graph.field, graph.string()]).toEqual([2, ""]);
    expect([graph.next(), model.next()]).toEqual([false, false]);
  });

  it("steps over fields that nobody reads", () => {
    const cursor = message(
      0x08,
      0x96,
      0x01,
      0x11,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      0x1a,
      2,
      9,
      9,
      0x25,
      1,
      2,
      3,
      4,
      0x28,
      5,
    );
    while (cursor.next()) if (cursor.field === 5) expect(cursor.int64()).toBe(5);
  });

  it("reads negative numbers and clamps those that a number cannot hold", () => {
    const ff = (count: number) => new Array<number>(count).fill(0xff);
    const read = (...bytes: number[]) => {
      const cursor = message(0x08, ...bytes);
      cursor.next();
      return cursor.int64();
    };
    expect(read(...ff(9), 0x01)).toBe(-1);
    expect(read(...ff(8), 0x7f)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("reads packed and unpacked lists alike", () => {
    const values: number[] = [];
    const cursor = message(0x08, 1, 0x0a, 3, 2, 0x96, 0x01, 0x08, 3);
    while (cursor.next()) cursor.int64s(values);
    expect(values).toEqual([1, 2, 150, 3]);
  });

  it.each<[claim: string, bytes: readonly number[], text: RegExp]>([
    ["a value that is longer than its message", [0x0a, 5, 1], /takes 5 bytes, expected at most 1/],
    ["a number that does not end", [0x08, 0xff], /does not end/],
    ["groups, which ONNX does not use", [0x0b], /wire type 3/],
    ["the field number 0", [0x02, 0], /number 0/],
  ])("refuses %s", (_, bytes, text) => {
    expect(errorOf(() => walk(message(...bytes))).message).toMatch(text);
  });

  it("says where a broken message is", () => {
    const model = message(0x3a, 4, 0x0a, 2, 0x0a, 9);
    model.next();
    const graph = model.message("graph");
    graph.next();
    expect(errorOf(() => walk(graph.message("node", 7)))).toMatchObject({ path: "graph.node[7]", offset: 6 });
  });

  it("reads a large file without what lies between its fields", () => {
    const size = 8 << 20;
    const bytes = new Uint8Array(size + 8);
    // Field 9 of `size` bytes, then field 1 with 42.
    bytes.set([0x4a, 0x80, 0x80, 0x80, 0x04]);
    bytes.set([0x08, 42], size + 5);
    const inner = bufferSource("large", bytes.subarray(0, size + 7));
    let read = 0;
    const source: ByteSource = {
      ...inner,
      read(offset, length) {
        read += length;
        return inner.read(offset, length);
      },
    };
    const cursor = new Message({ file: new WireFile(source) });
    cursor.next();
    expect(cursor.extent()).toEqual({ at: 5, length: size });
    cursor.next();
    expect(cursor.int64()).toBe(42);
    expect(read).toBeLessThan(256 << 10);
  });
});
