import { expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { lifetimes } from "../../lib/memory/lifetimes.js";
import { lowerBound } from "../../lib/memory/lower-bound.js";
import { planMemory } from "../../lib/memory/plan.js";
import { BOARDS, boardOf } from "../../lib/targets/neural-art/boards.js";
import { tinyPools } from "./pools.js";

const chain = [
  { reads: ["in"], writes: ["a"] },
  { reads: ["a"], writes: ["b"] },
  { reads: ["a", "b"], writes: ["out"] },
];
const sized = (sizes: Readonly<Record<string, number>>) =>
  Object.entries(sizes).map(([id, bytes]) => ({ id, bytes }));

function failure(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected a LabError");
}

it("lifetimes() follows a chain with a branch", () => {
  const spans = lifetimes(chain, sized({ in: 16, a: 16, b: 16, out: 16, unused: 16 }));
  expect(spans.map(({ id, start, end }) => [id, start, end])).toEqual([
    ["in", 0, 1],
    ["a", 0, 3],
    ["b", 1, 3],
    ["out", 2, 3],
  ]);
});

it("lifetimes() keeps unread and kept tensors to the end and refuses reads before writes", () => {
  const steps = [
    { reads: [], writes: [1, 2] },
    { reads: [1], writes: [] },
    { reads: [], writes: [] },
  ];
  const spans = lifetimes(steps, [
    { id: 1, bytes: 1, keep: true },
    { id: 2, bytes: 1 },
  ]);
  expect(spans.map(({ end }) => end)).toEqual([3, 3]);
  const backwards = [
    { reads: ["x"], writes: [] },
    { reads: [], writes: ["x"] },
  ];
  expect(failure(() => lifetimes(backwards, sized({ x: 1 }))).message).toContain(
    "step 0 reads it before step 1",
  );
  expect(failure(() => lifetimes(backwards, [])).message).toContain("its size is not given");
});

it("lowerBound() finds the fullest step and who is live there", () => {
  const bound = lowerBound(lifetimes(chain, sized({ in: 64, a: 16, b: 32, out: 16 })));
  expect(bound).toMatchObject({ bytes: 80, step: 0 });
  expect(bound.live.map(({ id }) => id)).toEqual(["in", "a"]);
  expect(lowerBound([])).toMatchObject({ bytes: 0, live: [] });
});

it("planMemory() keeps a small network in the preferred bank and proves it", () => {
  const plan = planMemory({
    steps: chain,
    tensors: sized({ in: 32, a: 16, b: 32, out: 16 }),
    weightBytes: 500,
    pools: tinyPools(),
  });
  expect(plan.buffers.every(({ pool }) => pool === "fast2")).toBe(true);
  expect(plan).toMatchObject({ activationPeakBytes: 64, lowerBoundBytes: 64, proved: true });
  expect(plan.pools.find(({ name }) => name === "flash")).toMatchObject({
    weightBytes: 500,
    activationBytes: 0,
  });
});

it("planMemory() merges neighbouring banks for a tensor larger than one", () => {
  const plan = planMemory({
    steps: chain,
    tensors: sized({ in: 16, a: 96, b: 16, out: 16 }),
    weightBytes: 0,
    pools: tinyPools(),
  });
  expect(plan.buffers.find(({ id }) => id === "a")).toMatchObject({ pool: "fast1_fast2", offset: 0 });
  expect(plan.pools.map(({ activationBytes }) => activationBytes)).toEqual([64, 64, 0, 0, 0]);
  expect(plan.proved).toBe(true);
});

it("planMemory() uses external RAM only when the chip is full", () => {
  const tensors = sized({ in: 16, a: 128, b: 128, out: 16 });
  const plan = planMemory({ steps: chain, tensors, weightBytes: 0, pools: tinyPools({ external: 1000 }) });
  expect(plan.pools.find(({ name }) => name === "psram")!.activationBytes).toBe(16);
  const error = failure(() => planMemory({ steps: chain, tensors, weightBytes: 0, pools: tinyPools() }));
  expect(error.code).toBe("ACTIVATIONS_DO_NOT_FIT");
  expect(error.message).toContain("step 2 holds 'a' (128 bytes), 'b' (128 bytes), 'out' (16 bytes)");
  expect(error.message).toContain("272 bytes together");
  expect(error.hint).toContain("hyperRAM");
});

it("planMemory() names a tensor that no stretch of memory holds", () => {
  const tensors = sized({ in: 16, a: 144, b: 16, out: 16 });
  const error = failure(() => planMemory({ steps: chain, tensors, weightBytes: 0, pools: tinyPools() }));
  expect(error.message).toContain("Cannot place tensor 'a': it takes 144 bytes");
});

it("planMemory() puts weights on the chip when flash has size 0, and says when nothing holds them", () => {
  const tensors = sized({ in: 16, a: 16, b: 16, out: 16 });
  const plan = planMemory({ steps: chain, tensors, weightBytes: 150, pools: tinyPools({ flash: 0 }) });
  // Activations want `slow` least, so weights fill it first; `fast1` is next.
  expect(plan.pools.map(({ name, weightBytes }) => [name, weightBytes])).toEqual([
    ["fast2", 0],
    ["fast1", 22],
    ["slow", 128],
    ["psram", 0],
    ["flash", 0],
  ]);
  const error = failure(() =>
    planMemory({ steps: chain, tensors, weightBytes: 300, pools: tinyPools({ flash: 0 }) }),
  );
  expect(error.code).toBe("WEIGHTS_DO_NOT_FIT");
  expect(error.message).toContain("lack 44 bytes");
});

it("planMemory() honours pinned tensors and refuses a pin outside the pools", () => {
  const tensors = [...sized({ a: 16, b: 16, out: 16 }), { id: "in", bytes: 32, pinned: 0x2010 }];
  const plan = planMemory({ steps: chain, tensors, weightBytes: 0, pools: tinyPools() });
  expect(plan.buffers.find(({ id }) => id === "in")).toMatchObject({
    address: 0x2010,
    pool: "slow",
    offset: 16,
  });
  const outside = [...sized({ a: 16, b: 16, out: 16 }), { id: "in", bytes: 32, pinned: 0x5000 }];
  const error = failure(() =>
    planMemory({ steps: chain, tensors: outside, weightBytes: 0, pools: tinyPools() }),
  );
  expect(error.message).toContain("'in' at 20480 is not inside writable pools");
});

it("planMemory() takes the pools of a board as they are", () => {
  const tensors = sized({ in: 150_528, a: 1_204_224, b: 301_056, out: 1000 });
  const plan = planMemory({
    steps: chain,
    tensors,
    weightBytes: 4_000_000,
    pools: BOARDS["stm32n6570-dk"].pools,
  });
  expect(plan.pools.find(({ name }) => name === "octoFlash")!.weightBytes).toBe(4_000_000);
  expect(plan.buffers.find(({ id }) => id === "a")!.pool).toContain("npuRAM");
  expect(boardOf("STM32N6570-DK").title).toBe("STM32N6570-DK");
  expect(failure(() => boardOf("stm32f4")).message).toContain("expected one of stm32n6570-dk");
});

it("boards differ in external RAM", () => {
  const names = (board: keyof typeof BOARDS) => BOARDS[board].pools.map(({ name }) => name);
  expect(names("stm32n6570-dk").slice(0, 5)).toEqual(["npuRAM5", "npuRAM4", "npuRAM3", "npuRAM6", "cpuRAM2"]);
  expect(names("stm32n6570-dk")).toContain("hyperRAM");
  expect(names("nucleo-n657x0-q")).not.toContain("hyperRAM");
});
