import { array, assert, constantFrom, double, integer, option, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { breakEvenFrames } from "../../lib/stream/break-even.js";
import { streamSchedule } from "../../lib/stream/law.js";
import type { Store, Streaming, StreamRequest } from "../../lib/stream/record.js";
import { bytesPerMs, MAIX_STORES } from "../../lib/stream/store.js";
import { validateSchedule } from "../../lib/stream/validate.js";
import { bytes, hertz } from "../../lib/units.js";

const source = { evidence: "inferred", source: "test" } as const;

/** A store of so many bytes per millisecond. */
function storeOf(rate: number, setupMs = 0): Store {
  return {
    name: "test store",
    clock: { value: hertz(rate * 1000), ...source },
    lines: { value: 8, ...source },
    edges: { value: 1, ...source },
    efficiency: { value: 1, ...source },
    setupMs: { value: setupMs, ...source },
  };
}

/** The example at the top of law.ts. */
const EXAMPLE = {
  layers: [
    { name: "a", computeMs: 2, bytes: bytes(4) },
    { name: "b", computeMs: 4, bytes: bytes(2) },
  ],
  store: storeOf(1),
};
const total = (streaming: Streaming, store = EXAMPLE.store) =>
  streamSchedule({ ...EXAMPLE, store, streaming }).totalMs;
const two = bytes(2);

describe("streamSchedule()", () => {
  it("takes the times of the worked example", () => {
    expect(total({ mode: "resident" })).toBe(6);
    expect(total({ mode: "single", batchBytes: two })).toBe(12);
    expect(total({ mode: "double", overlap: "layer", batchBytes: two })).toBe(11);
    expect(total({ mode: "double", overlap: "network", batchBytes: two })).toBe(10);
    expect(total({ mode: "fraction", hidden: 0.5 })).toBe(10);
  });

  it("lays the steps of the worked example out as drawn", () => {
    const { steps, layers, bufferBytes } = streamSchedule({
      ...EXAMPLE,
      streaming: { mode: "double", overlap: "network", batchBytes: two },
    });
    expect(
      steps.map(({ kind, layer, batch, startMs, endMs }) => [kind, layer, batch, startMs, endMs]),
    ).toEqual([
      ["load", 0, 0, 0, 2],
      ["compute", 0, 0, 2, 3],
      ["load", 0, 1, 2, 4],
      ["compute", 0, 1, 4, 5],
      ["load", 1, 0, 4, 6],
      ["compute", 1, 0, 6, 10],
    ]);
    expect(layers.map(({ waitMs, bound }) => [waitMs, bound])).toEqual([
      [3, "load"],
      [1, "compute"],
    ]);
    expect(bufferBytes).toBe(4);
  });

  it("counts a set-up for each read", () => {
    expect(total({ mode: "single", batchBytes: two }, storeOf(1, 0.5))).toBe(12 + 3 * 0.5);
    expect(total({ mode: "single" }, storeOf(1, 0.5))).toBe(12 + 2 * 0.5);
  });

  it("is bounded by the slower side, and hides all of the other when there is enough to hide it behind", () => {
    const layers = Array.from({ length: 64 }, (_, index) => ({
      name: `${index}`,
      computeMs: 1,
      bytes: bytes(2),
    }));
    const schedule = streamSchedule({
      layers,
      store: storeOf(1),
      streaming: { mode: "double", overlap: "network", batchBytes: bytes(1) },
    });
    expect(schedule.bound).toBe("load");
    expect(schedule.totalMs).toBe(128.5);
    expect(schedule.hiddenShare).toBeCloseTo(63.5 / 64, 9);
  });

  it("tends to the longer of loading and computing of each layer as batches shrink", () => {
    const layers = [
      { name: "a", computeMs: 40, bytes: bytes(10_000) },
      { name: "b", computeMs: 5, bytes: bytes(60_000) },
    ];
    const streaming = { mode: "double", overlap: "layer", batchBytes: bytes(10) } as const;
    expect(streamSchedule({ layers, store: storeOf(1000), streaming }).totalMs).toBeCloseTo(40 + 60, 1);
  });

  it("refuses a batch of no bytes, a share beyond one and a store that cannot be", () => {
    expect(() => total({ mode: "double", overlap: "layer", bufferBytes: bytes(1) })).toThrow(LabError);
    expect(() => total({ mode: "fraction", hidden: 1.2 })).toThrow(/Cannot hide 1.2/);
    const store = { ...storeOf(1), efficiency: { value: 1.5, ...source } };
    expect(() => total({ mode: "single" }, store)).toThrow(/its efficiency is 1.5/);
  });
});

const anyStreaming = constantFrom<Streaming["mode"][]>("resident", "single", "double", "fraction");
const anyRequest = record({
  layers: array(
    record({ computeMs: double({ min: 0, max: 5, noNaN: true }), bytes: integer({ min: 0, max: 300_000 }) }),
    { minLength: 1, maxLength: 8 },
  ),
  rate: integer({ min: 1_000, max: 200_000 }),
  setupMs: constantFrom(0, 0.01, 0.3),
  mode: anyStreaming,
  overlap: constantFrom("layer" as const, "network" as const),
  batch: option(integer({ min: 10_000, max: 100_000 }), { nil: undefined }),
  buffer: option(integer({ min: 20_000, max: 400_000 }), { nil: undefined }),
  hidden: double({ min: 0, max: 1, noNaN: true }),
}).map(({ layers, rate, setupMs, mode, overlap, batch, buffer, hidden }): StreamRequest => {
  const limits = {
    ...(batch === undefined ? {} : { batchBytes: bytes(batch) }),
    ...(buffer === undefined ? {} : { bufferBytes: bytes(buffer) }),
  };
  const streamings: Record<Streaming["mode"], Streaming> = {
    resident: { mode: "resident" },
    single: { mode: "single", ...limits },
    double: { mode: "double", overlap, ...limits },
    fraction: { mode: "fraction", hidden },
  };
  return {
    layers: layers.map(({ computeMs, bytes: size }, index) => ({
      name: `layer ${index}`,
      computeMs,
      bytes: bytes(size),
    })),
    store: storeOf(rate, setupMs),
    streaming: streamings[mode],
  };
});

describe("validateSchedule()", () => {
  it("finds nothing against any schedule of the law", () => {
    assert(
      property(anyRequest, (request) => {
        expect(validateSchedule(request, streamSchedule(request))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ["EARLY", 1, { startMs: 1 }],
    ["DURATION", 0, { endMs: 1 }],
    ["TWO_READS", 2, { startMs: 1, endMs: 3 }],
    ["AHEAD", 4, { startMs: 4, endMs: 6 }],
    ["AMOUNT", 2, { bytes: bytes(1) }],
    ["TOTAL", 5, { startMs: 8, endMs: 12 }],
  ] as const)("says %s of a schedule that was tampered with", (code, index, change) => {
    const request: StreamRequest = {
      ...EXAMPLE,
      streaming: { mode: "double", overlap: "layer", batchBytes: two },
    };
    const schedule = streamSchedule(request);
    const steps = schedule.steps.map((step, place) => (place === index ? { ...step, ...change } : step));
    expect(validateSchedule(request, { ...schedule, steps }).map((violation) => violation.code)).toContain(
      code,
    );
  });

  it("says OVERFULL of a third batch in two buffers", () => {
    const layers = [{ name: "a", computeMs: 30, bytes: bytes(6) }];
    const store = storeOf(1);
    const wide = streamSchedule({
      layers,
      store,
      streaming: { mode: "double", overlap: "layer", batchBytes: two },
    });
    const early = wide.steps.map((step) =>
      step.kind === "load" && step.batch === 2 ? { ...step, startMs: 4, endMs: 6 } : step,
    );
    const request = {
      layers,
      store,
      streaming: { mode: "double", overlap: "layer", batchBytes: two },
    } as const;
    expect(validateSchedule(request, { ...wide, steps: early })[0]?.code).toBe("OVERFULL");
  });
});

describe("the law", () => {
  it("never gains from a slower store, and never loses by a second buffer", () => {
    assert(
      property(anyRequest, (request) => {
        const faster = {
          ...request,
          store: storeOf(bytesPerMs(request.store) * 2, request.store.setupMs.value),
        };
        const now = streamSchedule(request).totalMs;
        expect(streamSchedule(faster).totalMs).toBeLessThanOrEqual(now + 1e-6);
        if (request.streaming.mode !== "single" || request.streaming.bufferBytes !== undefined) return;
        const { batchBytes } = request.streaming;
        const streaming = {
          mode: "double",
          overlap: "layer",
          ...(batchBytes ? { batchBytes } : {}),
        } as const;
        expect(streamSchedule({ ...request, streaming }).totalMs).toBeLessThanOrEqual(now + 1e-6);
      }),
      { numRuns: 300 },
    );
  });

  it("stays between computing alone and loading and computing in turn", () => {
    assert(
      property(anyRequest, (request) => {
        const { totalMs, computeMs, loadMs } = streamSchedule(request);
        expect(totalMs).toBeGreaterThanOrEqual(Math.max(computeMs, loadMs) - 1e-6);
        expect(totalMs).toBeLessThanOrEqual(computeMs + loadMs + 1e-6);
      }),
      { numRuns: 300 },
    );
  });
});

describe("bytesPerMs()", () => {
  it("multiplies clock, lines, edges and efficiency", () => {
    expect(bytesPerMs(MAIX_STORES.flash)).toBeCloseTo(40_083.333, 3);
    expect(bytesPerMs(MAIX_STORES.opiPsram)).toBe(133_000);
  });
});

describe("breakEvenFrames()", () => {
  it("is where a late start has been caught up", () => {
    expect(breakEvenFrames({ startMs: 421, frameMs: 40 }, { startMs: 2, frameMs: 106 })).toBeCloseTo(
      6.348,
      3,
    );
    expect(breakEvenFrames({ startMs: 421, frameMs: 40 }, { startMs: 2, frameMs: 40 })).toBeNull();
    expect(breakEvenFrames({ startMs: 1, frameMs: 40 }, { startMs: 2, frameMs: 30 })).toBe(0);
  });
});
