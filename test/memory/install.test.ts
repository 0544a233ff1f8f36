import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payBack, planInstall } from "../../lib/memory/install.js";
import { STOCK_CHIPS, STOCK_POOLS } from "../../lib/memory/pools.js";
import { checkProblem } from "../../lib/memory/problem.js";
import { shareFlash } from "../../lib/memory/what-if-shared-flash.js";
import { splitWeights } from "../../lib/memory/what-if-split.js";
import { INSTALL_RATE } from "../../lib/targets/neural-art/pools.js";

const rate = { value: 118e6, low: 100e6, high: 124e6 };
const init = (name: string, destination: number, bytes: number, pool = "npuRAM6") => ({
  name,
  pool,
  destination,
  bytes,
});

describe("planInstall()", () => {
  it("joins neighbours, goes by rising address and times the copies", () => {
    const plan = planInstall({
      initialisers: [
        init("c", 0x3000, 16),
        init("b", 0x1020, 10),
        init("a", 0x1000, 27),
        init("none", 0x2000, 0),
      ],
      rate,
    });
    expect(
      plan.copies.map(({ destination, bytes, initialisers }) => [destination, bytes, initialisers]),
    ).toEqual([
      [0x1000, 42, ["a", "b"]],
      [0x3000, 16, ["c"]],
    ]);
    expect(plan.bytes).toBe(58);
    expect(plan.ms).toBeCloseTo(58 / 118e3, 9);
    expect(plan.low).toBeLessThan(plan.ms);
    expect(plan.high).toBeGreaterThan(plan.ms);
    expect(plan.steps.findIndex((step) => step.startsWith("copy"))).toBeGreaterThan(0);
  });

  it("refuses initialisers that overlap, and a rate of zero", () => {
    expect(() => planInstall({ initialisers: [init("a", 0x1000, 64), init("b", 0x1020, 4)], rate })).toThrow(
      /Cannot install 'b' at 0x00001020: 'a' ends at 0x00001040/,
    );
    expect(() => planInstall({ initialisers: [], rate: { ...rate, low: 0 } })).toThrow(/0 bytes per second/);
  });

  it("takes the published 17 ms for 2 MB, and pays after the published saving", () => {
    const { ms, low, high } = planInstall({
      initialisers: [init("w", 0x34100000, 2_000_000)],
      rate: INSTALL_RATE.value,
    });
    expect(ms).toBeCloseTo(17, 6);
    expect([low < 17, high > 18]).toEqual([true, true]);
    expect(payBack(ms, { beforeMs: 10.4, afterMs: 9.5 })).toMatchObject({ inferences: 19 });
    expect(payBack(17, { beforeMs: 9, afterMs: 9.5 }).inferences).toBeNull();
  });
});

describe("shareFlash()", () => {
  const times = { mapMs: 0.5, unmapMs: 0.5, horizonMs: 100 };

  it("makes the logger wait for the inference of the worked example", () => {
    const shared = shareFlash({
      inference: { periodMs: 10, ms: 2 },
      logger: { periodMs: 10, ms: 4 },
      ...times,
    });
    expect(shared.turns.slice(0, 2)).toEqual([
      { user: "inference", askedMs: 0, from: 0, to: 3, mapped: [0.5, 2.5] },
      { user: "logger", askedMs: 0, from: 3, to: 7, mapped: null },
    ]);
    expect(shared).toMatchObject({
      longestWaitMs: { inference: 0, logger: 3 },
      late: { inference: 0, logger: 0 },
      load: 0.7,
      mappedShare: 0.2,
    });
  });

  it("says when the two can never keep up", () => {
    const { load, late } = shareFlash({
      inference: { periodMs: 5, ms: 3 },
      logger: { periodMs: 10, ms: 4 },
      ...times,
    });
    expect(load).toBeCloseTo(1.2);
    expect(late.inference).toBeGreaterThan(5);
  });

  it("never maps the flash while the logger has it, and serves every turn in the order asked", () => {
    const time = fc.double({ min: 1, max: 20, noNaN: true });
    fc.assert(
      fc.property(time, time, time, time, (period, ms, logPeriod, logMs) => {
        const { turns } = shareFlash({
          inference: { periodMs: period, ms },
          logger: { periodMs: logPeriod, ms: logMs },
          ...times,
        });
        for (const [index, turn] of turns.entries()) {
          expect(turn.from).toBeGreaterThanOrEqual(turn.askedMs);
          const before = turns[index - 1];
          if (before) expect(turn.from).toBeGreaterThanOrEqual(before.to);
          if (before) expect(turn.askedMs).toBeGreaterThanOrEqual(before.askedMs);
        }
      }),
      { numRuns: 50 },
    );
    expect(() =>
      shareFlash({ inference: { periodMs: 0, ms: 1 }, logger: { periodMs: 1, ms: 1 }, ...times }),
    ).toThrow(/periodMs is 0/);
  });
});

describe("splitWeights()", () => {
  const memories = [
    { name: "flash", bytes: 10_000, nsPerByte: 10 },
    { name: "fast", bytes: 104, nsPerByte: 1 },
  ];

  it("gives the fast memory to what is read most per byte", () => {
    const plan = splitWeights(
      [
        { name: "a", bytes: 80, traffic: 80 },
        { name: "b", bytes: 60, traffic: 240 },
        { name: "c", bytes: 40, traffic: 80 },
      ],
      memories,
    );
    expect(Object.fromEntries(plan.placement)).toEqual({ a: "flash", b: "fast", c: "fast" });
    expect(plan.used.get("fast")).toBe(104);
    expect(plan.ms).toBeCloseTo((240 + 80 + 800) / 1e6, 9);
    expect(plan.slowestMs).toBeCloseTo(4000 / 1e6, 9);
  });

  it("is never better than its bound, never worse than all in flash, and keeps to the sizes", () => {
    const tensor = fc.record({
      bytes: fc.integer({ min: 1, max: 400 }),
      reads: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(tensor, { maxLength: 9 }), fc.nat(800), (drafts, room) => {
        const tensors = drafts.map(({ bytes, reads }, at) => ({
          name: `t${at}`,
          bytes,
          traffic: bytes * reads,
        }));
        const given = [{ ...memories[1]!, bytes: room }, memories[0]!];
        const plan = splitWeights(tensors, given);
        expect(plan.ms).toBeGreaterThanOrEqual(plan.boundMs - 1e-9);
        expect(plan.ms).toBeLessThanOrEqual(plan.slowestMs + 1e-9);
        expect(plan.used.get("fast")!).toBeLessThanOrEqual(room);
        // The best of all ways to choose, for these few.
        let best = Number.POSITIVE_INFINITY;
        for (let chosen = 0; chosen < 1 << tensors.length; chosen++) {
          const inFast = (at: number) => ((chosen >> at) & 1) === 1;
          const used = tensors.reduce(
            (sum, { bytes }, at) => sum + (inFast(at) ? Math.ceil(bytes / 8) * 8 : 0),
            0,
          );
          const ms = tensors.reduce(
            (sum, { traffic }, at) => sum + (traffic * (inFast(at) ? 1 : 10)) / 1e6,
            0,
          );
          if (used <= room) best = Math.min(best, ms);
        }
        expect(plan.boundMs).toBeLessThanOrEqual(best + 1e-9);
        expect(plan.ms).toBeGreaterThanOrEqual(best - 1e-9);
      }),
    );
  });

  it("names a tensor without a place", () => {
    expect(() => splitWeights([{ name: "w", bytes: 200, traffic: 200 }], [memories[1]!])).toThrow(
      /Cannot place 'w'/,
    );
    expect(() => splitWeights([{ name: "w", bytes: 200, traffic: 100 }], memories)).toThrow(
      /traffic of 'w' is 100/,
    );
  });
});

it("STOCK_POOLS are memories that do not overlap, each with its source", () => {
  for (const chip of STOCK_CHIPS) {
    const pools = STOCK_POOLS[chip];
    expect(() => checkProblem({ buffers: [], pools })).not.toThrow();
    expect(pools.every(({ source, sizeBytes }) => source.length > 5 && sizeBytes > 0)).toBe(true);
  }
});
