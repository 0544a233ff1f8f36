/**
 * `npm run bench:cost`: how long predictions take, in milliseconds of processor time of one core, and a sweep of
 * 10,000 points on two. Prints a table and writes result.json. Processor time, not the clock's: other work on
 * the machine then slows caches, but counts for nobody; the sweep's clock time stands beside it.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { Worker } from "node:worker_threads";
import { predictor } from "../../dist/lib/analyze/predict.js";
import { estimateLatency } from "../../dist/lib/cost/estimate.js";
import { findPreset } from "../../dist/lib/models/catalog.js";
import { TARGETS } from "./targets.mjs";

const MODEL = "mobilenet_v2_1.0_224";
const ROUNDS = 40;
const WARMUP = 15;

function processorMs(work) {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Repeats what is too short for the clock of the processor time. */
function measure(name, work, repeat = 1) {
  for (let round = 0; round < WARMUP; round++) work();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const spent = processorMs(() => {
      for (let time = 0; time < repeat; time++) work();
    });
    return Number((spent / repeat).toFixed(4));
  });
  const sorted = [...rounds].sort((a, b) => a - b);
  return { name, median: sorted[sorted.length >> 1], best: sorted[0], rounds };
}

const model = findPreset(MODEL).build();
const known = predictor(model);
for (const target of TARGETS) known(target);
const { plan, rom, cost } = known();
let turn = 0;
function nextTarget() {
  turn = (turn + 7) % TARGETS.length;
  return TARGETS[turn];
}
const cases = [
  measure("latency of a schedule", () => estimateLatency({ plan, rom, options: cost }), 100),
  measure("another target, its tool seen before", () => known(nextTarget()), 100),
  measure("first target of a loaded graph", () => predictor(model)()),
  measure(`each of ${TARGETS.length} targets of a loaded graph`, () => {
    const predict = predictor(model);
    for (const target of TARGETS) predict(target);
  }),
];
const amortised = cases.at(-1);
cases[3] = {
  ...amortised,
  median: amortised.median / TARGETS.length,
  best: amortised.best / TARGETS.length,
  rounds: amortised.rounds.map((spent) => Number((spent / TARGETS.length).toFixed(4))),
};

const POINTS = 10_000;
const RESOLUTIONS = POINTS / TARGETS.length;
const CORES = 2;

function half(part) {
  return new Promise((resolve, reject) => {
    const workerData = { preset: MODEL, from: 64, count: RESOLUTIONS, part, parts: CORES };
    const worker = new Worker(new URL("./sweep.mjs", import.meta.url), { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

const [before, cpuBefore] = [performance.now(), process.cpuUsage()];
const halves = await Promise.all(Array.from({ length: CORES }, (_, part) => half(part)));
const { user, system } = process.cpuUsage(cpuBefore);
const sweep = {
  points: halves.reduce((total, { points }) => total + points, 0),
  resolutions: RESOLUTIONS,
  targets: TARGETS.length,
  cores: CORES,
  wallSeconds: Number(((performance.now() - before) / 1000).toFixed(2)),
  // Both threads and their share of the collector; on two idle cores the clock would say half of it.
  processorSeconds: Number(((user + system) / 1e6).toFixed(2)),
};

const result = {
  tool: "npulab",
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  machine: {
    cpu: cpus()[0].model,
    cores: cpus().length,
    node: process.version,
    load: Number(loadavg()[0].toFixed(2)),
  },
  model: MODEL,
  unit: "milliseconds of processor time",
  cases,
  sweep,
};
writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
for (const { name, median, best } of cases) {
  console.log(`${name.padEnd(44)} median ${median.toFixed(3)} ms   best ${best.toFixed(3)} ms`);
}
console.log(
  `${sweep.points} points on ${CORES} cores: ${sweep.wallSeconds} s by the clock, ${sweep.processorSeconds} s of processor time in all`,
);
