/** One core's share of the sweep: every so-many-th resolution of a preset, on every target. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { predictor } from "../../dist/lib/analyze/predict.js";
import { findPreset } from "../../dist/lib/models/catalog.js";
import { variantOf } from "../../dist/lib/models/variants.js";
import { TARGETS } from "./targets.mjs";

const { preset, from, count, part, parts } = workerData;
const entry = findPreset(preset);
let points = 0;
let total = 0;
for (let index = part; index < count; index += parts) {
  const predict = predictor(variantOf(entry, "resolution", from + index));
  for (const target of TARGETS) {
    total += predict(target).latency.ms;
    points++;
  }
}
if (!(total > 0)) throw new Error(`thread ${threadId}: no latency was predicted`);
parentPort.postMessage({ points });
