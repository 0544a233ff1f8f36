import { array, assert, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { bestChoice, type Movable, rankMoves, takeInOrder } from "../../lib/stream/choose.js";
import { bytes } from "../../lib/units.js";

const item = (name: string, size: number, savedMs: number): Movable => ({
  name,
  bytes: bytes(size),
  savedMs,
});
/** The example at the top of choose.ts. */
const EXAMPLE = [item("a", 6, 6), item("b", 5, 4.5), item("c", 3, 2), item("d", 5, 4.4)];
const ROOM = bytes(10);

/** Every set, one by one. */
function exhaustive(items: readonly Movable[], room: number): number {
  let best = 0;
  for (let set = 0; set < 2 ** items.length; set++) {
    const chosen = items.filter((_, index) => set & (1 << index));
    const size = chosen.reduce((total, entry) => total + entry.bytes, 0);
    if (size <= room)
      best = Math.max(
        best,
        chosen.reduce((total, entry) => total + entry.savedMs, 0),
      );
  }
  return best;
}

describe("takeInOrder()", () => {
  it("takes the best per byte first and passes over what does not fit", () => {
    expect(takeInOrder(EXAMPLE, ROOM)).toMatchObject({ taken: [0, 2], bytes: 9, savedMs: 8 });
  });
});

describe("bestChoice()", () => {
  it("finds the best set of the example", () => {
    const { taken, savedMs, proved } = bestChoice(EXAMPLE, ROOM);
    expect([...taken].sort()).toEqual([1, 3]);
    expect([savedMs, proved]).toEqual([expect.closeTo(8.9, 9), true]);
  });

  it("leaves what saves nothing", () => {
    expect(bestChoice([item("a", 1, 0), item("b", 1, -1)], ROOM).taken).toEqual([]);
    expect(rankMoves([item("a", 1, 0), item("b", 0, 1), item("c", 1, 9)])).toEqual([1, 2]);
  });

  it("agrees with trying every set, and is never worse than taking in order", () => {
    const anyItem = record({ size: integer({ min: 0, max: 60 }), saved: integer({ min: -3, max: 40 }) });
    assert(
      property(array(anyItem, { maxLength: 11 }), integer({ min: 0, max: 200 }), (given, room) => {
        const items = given.map(({ size, saved }, index) => item(`${index}`, size, saved));
        const best = bestChoice(items, bytes(room));
        expect(best.savedMs).toBeCloseTo(exhaustive(items, room), 9);
        expect(best.bytes).toBeLessThanOrEqual(room);
        expect(takeInOrder(items, bytes(room)).savedMs).toBeLessThanOrEqual(best.savedMs + 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it("says when it gave up before the proof", () => {
    expect(bestChoice(EXAMPLE, ROOM, { mostSets: 1 }).proved).toBe(false);
  });
});
