import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { luby, type SpanOfSize, searchPlacement } from "../../lib/memory/exact/search.js";
import { sectionsOf } from "../../lib/memory/exact/sections.js";

/** The example at the top of solve.ts, in kilobytes. */
const EXAMPLE: readonly SpanOfSize[] = [
  { size: 4, start: 0, end: 2 },
  { size: 2, start: 1, end: 3 },
  { size: 4, start: 2, end: 3 },
];

/** The load is 5 in every step, and no placement fits in 5. */
const NEEDS_MORE: readonly SpanOfSize[] = [
  { size: 1, start: 1, end: 4 },
  { size: 2, start: 3, end: 5 },
  { size: 3, start: 0, end: 2 },
  { size: 2, start: 2, end: 4 },
  { size: 1, start: 1, end: 3 },
  { size: 2, start: 0, end: 1 },
  { size: 1, start: 2, end: 3 },
  { size: 3, start: 4, end: 5 },
];

const together = (a: SpanOfSize, b: SpanOfSize) => a.start < b.end && b.start < a.end;

function sound(buffers: readonly SpanOfSize[], offsets: readonly number[], capacity: number): boolean {
  return buffers.every((a, i) => {
    const from = offsets[i]!;
    if (from < 0 || from + a.size > capacity) return false;
    return buffers.every(
      (b, j) => i === j || !together(a, b) || from >= offsets[j]! + b.size || offsets[j]! >= from + a.size,
    );
  });
}

/** Whether there is a placement, by trying all offsets of all buffers. */
function bruteForce(buffers: readonly SpanOfSize[], capacity: number): boolean {
  const offsets: number[] = [];
  const next = (): boolean => {
    const index = offsets.length;
    if (index === buffers.length) return true;
    const own = buffers[index]!;
    for (let offset = 0; offset + own.size <= capacity; offset++) {
      const free = offsets.every(
        (other, i) =>
          !together(own, buffers[i]!) || offset >= other + buffers[i]!.size || other >= offset + own.size,
      );
      if (!free) continue;
      offsets.push(offset);
      if (next()) return true;
      offsets.pop();
    }
    return false;
  };
  return next();
}

const spans = (most: { readonly count: number; readonly size: number; readonly steps: number }) =>
  fc.array(
    fc
      .record({
        size: fc.integer({ min: 1, max: most.size }),
        start: fc.integer({ min: 0, max: most.steps }),
        length: fc.integer({ min: 1, max: most.steps }),
      })
      .map(({ size, start, length }): SpanOfSize => ({ size, start, end: start + length })),
    { minLength: 1, maxLength: most.count },
  );

/** Fills every step up to the load of the fullest: nothing may stay empty then, and one problem in 70 has no solution. */
function filled(buffers: readonly SpanOfSize[]): readonly SpanOfSize[] {
  const load = loadOf(buffers);
  const last = Math.max(...buffers.map(({ end }) => end));
  const fillers = Array.from({ length: last }, (_, step): SpanOfSize => {
    const live = buffers.filter(({ start, end }) => start <= step && step < end);
    return { size: load - live.reduce((sum, { size }) => sum + size, 0), start: step, end: step + 1 };
  });
  return [...buffers, ...fillers.filter(({ size }) => size > 0)];
}

const loadOf = (buffers: readonly SpanOfSize[]) =>
  Math.max(
    ...buffers.map(({ start }) =>
      buffers.reduce((sum, own) => sum + (own.start <= start && start < own.end ? own.size : 0), 0),
    ),
  );

describe("sectionsOf()", () => {
  it("keeps the moments at which nothing is missing", () => {
    const { count, from, to, members } = sectionsOf([
      { start: 0, end: 2 },
      { start: 1, end: 3 },
      { start: 2, end: 4 },
    ]);
    expect(count).toBe(2);
    expect(members.map((indices) => [...indices])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect([...from]).toEqual([0, 0, 1]);
    expect([...to]).toEqual([1, 2, 2]);
  });

  it("lets any two that live together meet, and no others", () => {
    fc.assert(
      fc.property(spans({ count: 12, size: 3, steps: 12 }), (buffers) => {
        const { members } = sectionsOf(buffers);
        const meet = (i: number, j: number) => members.some((own) => own.includes(i) && own.includes(j));
        for (const [i, a] of buffers.entries())
          for (const [j, b] of buffers.entries()) expect(meet(i, j)).toBe(together(a, b));
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe("luby()", () => {
  it("is 1 1 2 1 1 2 4 …", () => {
    expect(Array.from({ length: 15 }, (_, index) => luby(index + 1))).toEqual([
      1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8,
    ]);
  });
});

describe("searchPlacement()", () => {
  it("places the worked example in what is live at once, and not in less", () => {
    expect(searchPlacement(EXAMPLE, 6)).toMatchObject({ kind: "placed", offsets: [0, 4, 0] });
    expect(searchPlacement(EXAMPLE, 5)).toMatchObject({ kind: "impossible" });
  });

  it("proves that more is needed than what is live at once", () => {
    expect(loadOf(NEEDS_MORE)).toBe(5);
    expect(bruteForce(NEEDS_MORE, 5)).toBe(false);
    expect(searchPlacement(NEEDS_MORE, 5).kind).toBe("impossible");
    expect(searchPlacement(NEEDS_MORE, 6).kind).toBe("placed");
  });

  it("agrees with trying every offset, on small problems", () => {
    let impossible = 0;
    const runs = Number(process.env.PLAN_RUNS ?? 1000);
    const small = spans({ count: 7, size: 3, steps: 4 });
    fc.assert(
      fc.property(small, fc.boolean(), fc.constantFrom(-1, 0, 0, 0, 1), (some, fill, slack) => {
        const buffers = fill ? filled(some) : some;
        const load = loadOf(buffers);
        const capacity = load + slack;
        const result = searchPlacement(buffers, capacity);
        expect(result.kind).toBe(bruteForce(buffers, capacity) ? "placed" : "impossible");
        if (result.kind === "placed") expect(sound(buffers, result.offsets, capacity)).toBe(true);
        else if (slack === 0) impossible++;
      }),
      { numRuns: runs, seed: 11 },
    );
    expect(impossible).toBeGreaterThan(0);
  });

  it("says undecided at its limits, and for numbers that it cannot count with", () => {
    expect(searchPlacement(NEEDS_MORE, 5, { nodes: 1 })).toMatchObject({ kind: "undecided" });
    expect(
      searchPlacement(
        [
          { size: 2 ** 40, start: 0, end: 1 },
          { size: 1, start: 0, end: 1 },
        ],
        2 ** 41,
      ).kind,
    ).toBe("undecided");
    // Sizes count in their greatest common divisor.
    expect(searchPlacement([{ size: 2 ** 40, start: 0, end: 1 }], 2 ** 41).kind).toBe("placed");
  });

  it("answers alike each time", () => {
    const answer = () => searchPlacement(EXAMPLE, 7);
    expect(answer()).toEqual(answer());
  });
});
