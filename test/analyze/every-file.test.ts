/** Every real model at hand: a report whose ledger adds up, or one located error that names what is in the way. */
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { inspect } from "../../lib/analyze/inspect.js";
import { analyze } from "../../lib/analyze/study.js";
import { LabError } from "../../lib/errors.js";
import { load } from "../../lib/node/load.js";
import { describeShared, requireShared, sharedPath } from "../shared.js";

/** Files that cannot be analysed, and what the error must name. Everything else must give a report. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "onnx_light/light_bvlc_alexnet.onnx": /243860896 bytes of weights/,
  "onnx_light/light_vgg19.onnx": /574668960 bytes of weights/,
  "onnx_light/light_zfnet512.onnx": /349002144 bytes of weights/,
  "onnx_light/light_resnet50.onnx": /Cannot place the activations/,
  "tflm/conv10.tflite": /Conv .*int16/,
  "tflm/transpose_conv0.tflite": /ConvTranspose .*int16/,
};

function modelFiles(): string[] {
  const root = sharedPath("models");
  if (root === null) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(tflite|onnx)$/.test(file))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
}

describeShared("analyze() on every file", () => {
  const files = modelFiles();

  it("finds all 107 of them", () => {
    expect(files).toHaveLength(107);
  });

  it.each(files)("%s", (file) => {
    const loaded = load(requireShared(`models/${file}`));
    const { nodes, macs, notes } = inspect(loaded);
    expect(nodes.length).toBeGreaterThan(0);
    expect(macs !== null || notes.length > 0).toBe(true);
    const refused = REFUSED[file];
    if (refused) {
      expect(() => analyze(loaded)).toThrow(LabError);
      expect(() => analyze(loaded)).toThrow(refused);
      return;
    }
    for (const tool of ["2.1", "4.0"] as const) {
      const { rom, epochs, gains, offload, memory, latency } = analyze(loaded, { tool });
      expect(rom.ledger.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(rom.imageBytes);
      expect(rom.ledger.every(({ bytes }) => Number.isSafeInteger(bytes) && bytes > 0)).toBe(true);
      expect(epochs.hw + epochs.hybrid + epochs.sw).toBe(epochs.total);
      expect(epochs.list.map(({ index }) => index)).toEqual(epochs.list.map((_, position) => position + 1));
      const left = epochs.list.filter(({ kind }) => kind !== "hw");
      const unexplained = left.filter(({ reason }) => !reason?.rule || !reason.why || !reason.fix);
      expect(unexplained).toEqual([]);
      // Each epoch off the NPU belongs to one run of nodes, whose gain was asked.
      const asked = gains.flatMap((gain) => gain.epochs).sort((a, b) => a - b);
      expect(asked).toEqual(left.map(({ index }) => index));
      for (const { saving, nowMs } of gains) {
        if (saving === null) continue;
        expect(saving.low).toBeLessThanOrEqual(saving.ms);
        expect(saving.ms).toBeLessThanOrEqual(Math.min(saving.high, latency.ms));
        expect(nowMs).toBeLessThanOrEqual(latency.ms + 1e-9);
      }
      for (const share of Object.values(offload)) expect(share >= 0 && share <= 1).toBe(true);
      expect(memory.activationPeakBytes).toBeGreaterThanOrEqual(memory.lowerBoundBytes);
      expect(latency.low).toBeLessThanOrEqual(latency.ms);
      expect(latency.ms).toBeLessThanOrEqual(latency.high);
      expect(epochs.list.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(latency.ms, 6);
    }
  });
});
