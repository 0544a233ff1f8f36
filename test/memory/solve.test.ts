import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { lowerBound } from "../../lib/memory/lower-bound.js";
import type { Buffer, Pool, Problem } from "../../lib/memory/problem.js";
import { takes } from "../../lib/memory/problem.js";
import { ORDER_NAMES, solve } from "../../lib/memory/solve.js";
import { validatePlacement } from "../../lib/memory/validate.js";
import { BOARDS } from "../../lib/targets/neural-art/boards.js";
import { bytes } from "../../lib/units.js";
import { describeShared, requireShared } from "../shared.js";
import { tinyPools } from "./pools.js";

const KB = 1024;

function buffer(id: string, kilobytes: number, start: number, end: number): Buffer {
  return { id, sizeBytes: bytes(kilobytes * KB), start, end, alignment: 16, pinned: null };
}

function onePool(kilobytes: number): Pool {
  return { ...tinyPools()[0]!, name: "ram", address: 0, sizeBytes: bytes(kilobytes * KB) };
}

/** The example at the top of solve.ts. */
const EXAMPLE: Problem = {
  buffers: [buffer("a", 4, 0, 2), buffer("b", 2, 1, 3), buffer("c", 4, 2, 3)],
  pools: [onePool(6)],
};

it("solve() stacks the worked example into what is live at once", () => {
  const solution = solve(EXAMPLE, { orders: ["size"] })!;
  expect(solution.placements).toEqual([
    { id: "a", address: 0 },
    { id: "b", address: 4 * KB },
    { id: "c", address: 0 },
  ]);
  expect(lowerBound(EXAMPLE.buffers).bytes).toBe(6 * KB);
});

it("solve() gives up where there is no room", () => {
  expect(solve({ ...EXAMPLE, pools: [onePool(5)] })).toBeNull();
  expect(solve({ ...EXAMPLE, pools: [] })).toBeNull();
  expect(solve({ buffers: [], pools: [] })).toBeNull();
});

it("validatePlacement() names every kind of fault", () => {
  const codes = (...addresses: (readonly [string, number])[]) =>
    validatePlacement(
      EXAMPLE,
      addresses.map(([id, address]) => ({ id, address })),
    ).map(({ code }) => code);
  expect(codes(["a", 0], ["b", 4 * KB], ["c", 0])).toEqual([]);
  expect(codes(["a", 0], ["b", 4 * KB])).toEqual(["MISSING"]);
  expect(codes(["a", 0], ["b", 4 * KB], ["c", 0], ["c", 0])).toEqual(["TWICE"]);
  expect(codes(["a", 0], ["b", 4 * KB], ["c", 0], ["d", 0])).toEqual(["UNKNOWN"]);
  expect(codes(["a", 0], ["b", 4 * KB], ["c", 8])).toEqual(["UNALIGNED", "OVERLAP"]);
  expect(codes(["a", 0], ["b", 4 * KB], ["c", 4 * KB])).toEqual(["OUTSIDE", "OVERLAP"]);
});

const randomBuffers = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 100 }),
      start: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 1, max: 8 }),
      alignment: fc.constantFrom(1, 4, 16),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((entries) =>
    entries.map(
      ({ size, start, length, alignment }, index): Buffer => ({
        id: index,
        sizeBytes: bytes(size),
        start,
        end: start + length,
        alignment,
        pinned: null,
      }),
    ),
  );

it("solve() only makes plans that the validator accepts, never below the lower bound", () => {
  fc.assert(
    fc.property(
      randomBuffers,
      fc.subarray([...ORDER_NAMES], { minLength: 1 }),
      fc.boolean(),
      fc.constantFrom(0, 100_000),
      (buffers, orders, merge, external) => {
        const problem = { buffers, pools: tinyPools({ external }) };
        const solution = solve(problem, { orders, merge });
        if (external > 0) expect(solution).not.toBeNull();
        if (!solution) return;
        expect(validatePlacement(problem, solution.placements)).toEqual([]);
        const ends = solution.placements.map(
          ({ address }, index) => [address, takes(buffers[index]!)] as const,
        );
        const touched = problem.pools.reduce((total, pool) => {
          const poolEnd = pool.address + pool.sizeBytes;
          const top = Math.max(
            pool.address,
            ...ends.filter(([from]) => from < poolEnd).map(([from, size]) => Math.min(poolEnd, from + size)),
          );
          return total + (top - pool.address);
        }, 0);
        expect(touched).toBeGreaterThanOrEqual(lowerBound(buffers).bytes);
      },
    ),
    { numRuns: 500, seed: 6 },
  );
});

it("lowerBound() is the largest sum over steps, computed step by step", () => {
  fc.assert(
    fc.property(randomBuffers, (buffers) => {
      const sums = Array.from({ length: 30 }, (_, step) =>
        buffers
          .filter(({ start, end }) => start <= step && step < end)
          .reduce((total, entry) => total + takes(entry), 0),
      );
      const bound = lowerBound(buffers);
      expect(bound.bytes).toBe(Math.max(...sums));
      expect(bound.live.reduce((total, entry) => total + takes(entry), 0)).toBe(bound.bytes);
    }),
    { numRuns: 200, seed: 7 },
  );
});

interface CompiledBuffer {
  readonly name: string;
  readonly is_param: number | boolean;
  readonly mpool_id: number;
  readonly size_bytes: number;
  readonly epochs: { readonly start: number; readonly end: number };
}

describeShared("placement beside the vendor's", () => {
  it.each([
    ["mobilenetv2_050_128_2.1", 245_760],
    ["mobilenetv2_050_128_2.2", 245_760],
    ["mobilenetv2_050_128_3.0", 245_760],
  ])("solve() needs no more than the vendor for the buffers of %s", (name, vendor) => {
    const info = JSON.parse(readFileSync(requireShared(`compiled/reports/${name}.c_info.json`), "utf8")) as {
      buffers: CompiledBuffer[];
    };
    const buffers = info.buffers
      .filter((entry) => !entry.is_param)
      .map(
        (entry): Buffer => ({
          id: entry.name,
          sizeBytes: bytes(entry.size_bytes),
          start: entry.epochs.start,
          end: entry.epochs.end + 1,
          alignment: 16,
          pinned: null,
        }),
      );
    const problem = { buffers, pools: BOARDS["stm32n6570-dk"].pools };
    const solution = solve(problem)!;
    expect(validatePlacement(problem, solution.placements)).toEqual([]);
    const bank = problem.pools[0]!;
    const peak = Math.max(
      ...solution.placements.map(({ address }, index) => address + takes(buffers[index]!) - bank.address),
    );
    expect(peak).toBe(lowerBound(buffers).bytes);
    expect(peak).toBe(vendor);
  });
});
