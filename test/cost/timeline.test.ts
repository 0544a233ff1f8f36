import { expect, it } from "vitest";
import { type EpochCost, estimateLatency } from "../../lib/cost/estimate.js";
import { timelineOf } from "../../lib/cost/timeline.js";
import { cycles, milliseconds } from "../../lib/units.js";
import { layerEpoch, plainEpoch, planOf } from "./layers.js";

const NOTHING = { compute: 0, output: 0, input: 0, ports: 0, flash: 0, external: 0, cpu: 0, setup: 0 };

it("timelineOf() draws the example of timeline.ts", () => {
  const cost: EpochCost = {
    index: 1,
    kind: "hw",
    ms: milliseconds(0.015),
    bound: "setup",
    cycles: cycles(15000),
    parts: { ...NOTHING, setup: 0.01, compute: 0.002, flash: 0.005 },
  };
  const { ms, spans, lanes, stalls } = timelineOf({ perEpoch: [cost], epochController: true });
  expect(ms).toBe(0.015);
  const shown = spans.map(({ lane, fromMs, toMs }) => [
    lane,
    Number(fromMs.toFixed(6)),
    Number(toMs.toFixed(6)),
  ]);
  expect(shown).toEqual([
    ["npu", 0.01, 0.012],
    ["flash", 0.01, 0.015],
  ]);
  expect(stalls.map(({ cause, ms: wait }) => [cause, Number(wait.toFixed(6))])).toEqual([
    ["setup", 0.01],
    ["flash", 0.003],
  ]);
  expect(lanes.find(({ lane }) => lane === "flash")!.share).toBeCloseTo(1 / 3, 9);
});

it("timelineOf() adds up: busy NPU and its waits are the inference, and lanes never overlap themselves", () => {
  for (const epochController of [true, false]) {
    const { perEpoch, ms } = estimateLatency(
      planOf(
        [
          layerEpoch(1, { kernel: 3, input: 32, output: 32, cin: 16, cout: 32 }),
          plainEpoch(2, { kind: "hybrid", ops: ["Transpose"], shape: [1, 32, 32, 32] }),
          plainEpoch(3, { kind: "sw", ops: ["Softmax"], shape: [1, 10] }),
          layerEpoch(4, { kernel: 1, input: 7, output: 7, cin: 320, cout: 1280 }),
        ],
        epochController,
      ),
    );
    const timeline = timelineOf({ perEpoch, epochController });
    const waits = timeline.stalls.reduce((total, stall) => total + stall.ms, 0);
    expect(timeline.ms).toBeCloseTo(ms, 12);
    expect(timeline.lanes[0]!.busyMs + waits).toBeCloseTo(ms, 12);
    for (const { lane } of timeline.lanes) {
      const own = timeline.spans.filter((span) => span.lane === lane);
      for (const [index, span] of own.entries()) {
        expect(span.fromMs).toBeGreaterThanOrEqual((own[index - 1]?.toMs ?? 0) - 1e-12);
        expect(span.toMs).toBeLessThanOrEqual(ms + 1e-12);
      }
    }
    // Without the controller the CPU starts every epoch.
    const cpu = timeline.spans.filter(({ lane }) => lane === "cpu").map(({ epoch }) => epoch);
    expect(cpu).toEqual(epochController ? [2, 3] : [1, 2, 3, 4]);
  }
});
