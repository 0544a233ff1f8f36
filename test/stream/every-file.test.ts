import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { analyzeK210 } from "../../lib/analyze/k210.js";
import { movesOf } from "../../lib/analyze/moves.js";
import { predict } from "../../lib/analyze/predict.js";
import { LabError } from "../../lib/errors.js";
import { load } from "../../lib/node/load.js";
import { MAIX_STORES } from "../../lib/stream/store.js";
import { validateSchedule } from "../../lib/stream/validate.js";
import { bytes } from "../../lib/units.js";
import { describeShared, requireShared } from "../shared.js";

describeShared("every model at hand", () => {
  const root = requireShared("models");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(tflite|onnx)$/.test(name),
  );

  it.each(files)(
    "%s streams soundly on the K210 and says what to move on STM32N6, or why it cannot",
    (name) => {
      const { model } = load(join(root, name));
      const attempt = <T>(work: () => T): T | null => {
        try {
          return work();
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
          return null;
        }
      };
      const kpu = attempt(() => analyzeK210(model));
      for (const { schedule, store, mode } of kpu?.runs ?? []) {
        const layers = schedule.layers.map(({ name: layer, computeMs, bytes: size }) => ({
          name: layer,
          computeMs,
          bytes: bytes(size),
        }));
        const known = Object.values(MAIX_STORES).find((candidate) => candidate.name === store)!;
        const streaming =
          mode === "single"
            ? ({ mode, batchBytes: bytes(0xc000) } as const)
            : ({ mode, overlap: "layer", batchBytes: bytes(0xc000) } as const);
        if (schedule.steps.length < 400)
          expect(validateSchedule({ layers, store: known, streaming }, schedule)).toEqual([]);
      }
      const moves = attempt(() => movesOf(name, predict(model)));
      if (!moves) return;
      expect(moves.chosen.then.ms).toBeLessThanOrEqual(moves.now.ms + 1e-9);
      expect(moves.everything.internal.ms).toBeLessThanOrEqual(moves.everything.hyperRam.ms + 1e-9);
      expect(moves.chosen.bytes).toBeLessThanOrEqual(moves.roomBytes);
    },
  );
});
