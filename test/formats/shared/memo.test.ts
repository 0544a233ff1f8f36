import { describe, expect, it } from "vitest";
import { Memo } from "../../../lib/formats/shared/memo.js";

describe("Memo", () => {
  it("recalls what the same bytes meant, wherever they stand", () => {
    const memo = new Memo<string>();
    const data = Uint8Array.of(1, 2, 3, 0, 1, 2, 3);
    expect(memo.recall(data, 0, 3)).toBeUndefined();
    expect(memo.remember(data, 0, 3, "one two three")).toBe("one two three");
    expect(memo.recall(data, 4, 7)).toBe("one two three");
    expect(memo.recall(data, 4, 6)).toBeUndefined();
  });

  it("keeps its own copy of the bytes", () => {
    const memo = new Memo<number>();
    const data = Uint8Array.of(1, 2);
    memo.remember(data, 0, 2, 12);
    data[0] = 9;
    expect(memo.recall(data, 0, 2)).toBeUndefined();
    expect(memo.recall(Uint8Array.of(1, 2), 0, 2)).toBe(12);
  });

  it("never gives the meaning of other bytes, however many there are", () => {
    const memo = new Memo<number>();
    const bytesOf = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
    for (let value = 0; value < 5_000; value++) memo.remember(bytesOf(value), 0, 4, value);
    const recalled = Array.from({ length: 5_000 }, (_, value) => memo.recall(bytesOf(value), 0, 4));
    const known = recalled.filter((found) => found !== undefined);
    expect(known.length).toBeGreaterThan(100);
    expect(known.length).toBeLessThanOrEqual(256);
    for (const [value, found] of recalled.entries()) if (found !== undefined) expect(found).toBe(value);
  });
});
