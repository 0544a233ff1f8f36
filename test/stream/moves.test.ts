import { describe, expect, it } from "vitest";
import { freeInternalBytes, movesOf } from "../../lib/analyze/moves.js";
import { predict } from "../../lib/analyze/predict.js";
import { findPreset } from "../../lib/models/catalog.js";
import { epochMemoriesTable, movesTable, placesTable } from "../../lib/table/moves.js";
import { bytes } from "../../lib/units.js";

const prediction = predict(findPreset("mobilenet_v2_1.0_224").build());
const moves = movesOf("mobilenet_v2", prediction);

describe("movesOf()", () => {
  it("ranks layers by what they save per byte, and adds up", () => {
    const rates = moves.moves.map(({ msPerKib }) => msPerKib);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(moves.moves.length).toBeGreaterThan(10);
    const all = moves.moves.at(-1)!;
    expect(moves.now.ms - all.cumulativeSavedMs).toBeCloseTo(moves.everything.internal.ms, 6);
  });

  it("chooses within the room, no worse than taking in order", () => {
    const { chosen, roomBytes } = moves;
    expect(roomBytes).toBe(freeInternalBytes(prediction));
    expect(chosen.bytes).toBeLessThanOrEqual(roomBytes);
    expect(chosen.saved.ms).toBeGreaterThanOrEqual(chosen.inOrderSavedMs);
    expect(chosen.then.ms + chosen.saved.ms).toBeCloseTo(moves.now.ms, 9);
    const taken = moves.moves.filter((move) => move.chosen);
    expect(taken.reduce((total, move) => total + move.bytes, 0)).toBe(chosen.bytes);
  });

  it("finds the dense layer bound by the flash: its bytes at the rate of the flash", () => {
    const dense = moves.epochs.find(({ bytes: size }) => size > 1_280_000)!;
    expect([dense.bound, dense.weightBound]).toEqual(["flash", true]);
    // The example at the top of moves.ts; loose, as calibration moves the factors.
    expect(dense.bytes).toBe(1_283_000);
    expect(dense.octoFlashMs / 3.37).toBeCloseTo(1, 0);
    expect(dense.hyperRamMs / dense.octoFlashMs).toBeCloseTo(0.5, 1);
    expect(dense.internalMs).toBeLessThan(dense.hyperRamMs);
  });

  it("keeps the interval around the figure", () => {
    for (const { ms, low, high } of [moves.now, moves.chosen.then, moves.chosen.saved]) {
      expect(low).toBeLessThanOrEqual(ms);
      expect(high).toBeGreaterThanOrEqual(ms);
    }
  });

  it("moves nothing into no room", () => {
    const { chosen, now } = movesOf("mobilenet_v2", prediction, { roomBytes: bytes(0) });
    expect([chosen.bytes, chosen.saved.ms, chosen.then.ms]).toEqual([0, 0, now.ms]);
  });

  it("has tables of all of it", () => {
    expect(movesTable(moves).numRows()).toBe(moves.moves.length);
    expect(epochMemoriesTable(moves).numRows()).toBe(moves.epochs.length);
    expect(placesTable(moves).array("inference_ms")[0]).toBe(moves.now.ms);
  });
});
