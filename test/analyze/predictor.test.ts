import { expect, it } from "vitest";
import { predict, predictor } from "../../lib/analyze/predict.js";
import { findPreset } from "../../lib/models/catalog.js";
import { PROFILES, TOOL_VERSIONS } from "../../lib/targets/neural-art/records.js";

const TARGETS = TOOL_VERSIONS.flatMap((tool) =>
  [true, false].flatMap((epochController) =>
    PROFILES.flatMap((profile) => [
      { tool, epochController, profile, clock: "overdrive", board: "stm32n6570-dk" } as const,
      { tool, epochController, profile, clock: "normal", board: "nucleo-n657x0-q" } as const,
    ]),
  ),
);

/** Everything that a target may change, in values. */
function outcome({ plan, rom, memory, latency, compile, board }: ReturnType<typeof predict>) {
  return {
    compile,
    board: board.id,
    plan: [plan.options, plan.blobs, plan.epochs.map(({ kind, ops, macs }) => [kind, ops, macs])],
    rom: [
      rom.options,
      rom.imageBytes,
      rom.blobBytes,
      rom.buffers.map(({ offset, bytes }) => [offset, bytes]),
    ],
    memory: [memory.activationPeakBytes, memory.pools, memory.buffers.map(({ address }) => address)],
    latency: [latency.ms, latency.low, latency.high, latency.level],
  };
}

it("predictor() says of every target what predict() says that knows nothing yet, in any order", () => {
  for (const id of ["vww_96", "yolo_lc_192"]) {
    const model = findPreset(id).build();
    const remembering = predictor(model);
    for (const target of TARGETS) {
      expect(outcome(remembering(target))).toEqual(outcome(predict(model, target)));
    }
    const other = predictor(model);
    for (const target of [...TARGETS].reverse()) {
      expect(outcome(other(target))).toEqual(outcome(remembering(target)));
    }
  }
});

it("predictor() tells input shapes, ports and pools apart", () => {
  const model = findPreset("mobilenet_v1_0.25_96").build();
  const remembering = predictor(model);
  const plain = remembering();
  const large = remembering({ inputShapes: new Map([["image", [1, 128, 128, 3]]]) });
  expect(large.latency.ms).toBeGreaterThan(plain.latency.ms);
  const integer = remembering({ ports: { outputs: "integer" } });
  expect(integer.plan.epochs.length).toBeLessThan(plain.plan.epochs.length);
  const pools = plain.pools.filter(({ name }) => name !== "npuRAM5");
  expect(remembering({ pools }).memory.pools.length).toBe(plain.memory.pools.length - 1);
  expect(outcome(remembering())).toEqual(outcome(plain));
});
