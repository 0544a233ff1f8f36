/**
 * `npm run bench:memory`: the eleven challenging problems of MiniMalloc (../shared/benchmarks/minimalloc) in 1 MiB:
 * our search, our greedy orders, and beside them, in the same run, planners as others have them: TensorFlow Lite
 * Micro's greedy one (largest first, first gap), TensorFlow Lite's arena (largest first, tightest gap) and a hill climb over orders.
 * The peers are written from their published descriptions. Prints a table, writes result.json. Processor time, not the clock's.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { planArena } from "../../dist/lib/memory/arena.js";
import { searchPlacement } from "../../dist/lib/memory/exact/search.js";
import { lowerBound } from "../../dist/lib/memory/lower-bound.js";
import { readProblem } from "../../dist/lib/memory/minimalloc.js";

const CAPACITY = 1_048_576;
const ROUNDS = 3;
/** Changes of order that the hill climb may try. */
const CLIMBS = 3000;
const folder = new URL(
  `file://${process.env.NPULAB_SHARED ?? new URL("../../../shared", import.meta.url).pathname}/benchmarks/minimalloc/`,
);

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Puts buffers down in order, each in the first gap, or the tightest; returns the height. */
function putDown(buffers, tightest) {
  const placed = [];
  let height = 0;
  for (const own of buffers) {
    let at = 0;
    let best = null;
    for (const other of placed) {
      if (other.start >= own.end || own.start >= other.end) continue;
      const gap = other.offset - at;
      if (gap >= own.size && (best === null || (tightest && gap < best.gap))) best = { gap, offset: at };
      if (best && !tightest) break;
      at = Math.max(at, other.offset + other.size);
    }
    const offset = best ? best.offset : at;
    const entry = { ...own, offset };
    const index = placed.findIndex((other) => other.offset > offset);
    placed.splice(index < 0 ? placed.length : index, 0, entry);
    height = Math.max(height, offset + own.size);
  }
  return height;
}

function hillClimb(buffers) {
  let order = [...buffers].sort((a, b) => b.size - a.size);
  let best = putDown(order, false);
  let state = 1;
  const next = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let climb = 0; climb < CLIMBS; climb++) {
    const changed = [...order];
    const [moved] = changed.splice(next(changed.length), 1);
    changed.splice(next(changed.length + 1), 0, moved);
    const height = putDown(changed, false);
    if (height > best) continue;
    best = height;
    order = changed;
  }
  return best;
}

const problems = readdirSync(folder)
  .filter((name) => name.endsWith(".csv"))
  .sort()
  .map((name) => {
    const { buffers } = readProblem(readFileSync(new URL(name, folder), "utf8"));
    const spans = buffers.map(({ sizeBytes, start, end }) => ({ size: sizeBytes, start, end }));
    const bound = lowerBound(buffers).bytes;
    const bySize = [...spans].sort((a, b) => b.size - a.size);
    return { name: name[0], buffers, spans, bound, bySize };
  });

const greedy = (buffers) => {
  // Far more room than needed: the height is what counts.
  const plan = planArena(buffers, { capacityBytes: 2 ** 40 });
  return plan.heightBytes;
};
const contestants = {
  "npulab search": ({ spans }) => {
    const result = searchPlacement(spans, CAPACITY);
    return Math.max(...spans.map(({ size }, index) => result.offsets[index] + size));
  },
  "npulab greedy": ({ buffers }) => greedy(buffers),
  "TFLM greedy": ({ bySize }) => putDown(bySize, false),
  "TFLite arena": ({ bySize }) => putDown(bySize, true),
  "hill climb": ({ spans }) => hillClimb(spans),
};
const rows = problems.flatMap((problem) =>
  Object.keys(contestants).map((planner) => ({
    problem: problem.name,
    buffers: problem.spans.length,
    planner,
    bound: problem.bound,
    height: 0,
    ms: [],
  })),
);
for (let round = 0; round < ROUNDS; round++) {
  for (const row of rows) {
    const problem = problems.find(({ name }) => name === row.problem);
    const start = spent();
    row.height = contestants[row.planner](problem);
    row.ms.push(Math.round((spent() - start) * 10) / 10);
  }
}
const result = {
  tool: "npulab",
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] },
  capacity: CAPACITY,
  unit: "milliseconds of processor time; height in bytes",
  rows: rows.map((row) => ({
    ...row,
    medianMs: median(row.ms),
    ratio: Math.round((row.height / row.bound) * 1000) / 1000,
  })),
};
for (const planner of Object.keys(contestants)) {
  const own = result.rows.filter((row) => row.planner === planner);
  const mean = own.reduce((sum, { ratio }) => sum + ratio, 0) / own.length;
  const worst = Math.max(...own.map(({ ratio }) => ratio));
  const total = own.reduce((sum, { medianMs }) => sum + medianMs, 0);
  const slowest = Math.max(...own.map(({ medianMs }) => medianMs));
  const fit = own.filter(({ height }) => height <= CAPACITY).length;
  console.log(
    `${planner.padEnd(14)} fits ${String(fit).padStart(2)} of ${own.length}, mean ratio ${mean.toFixed(3)}, worst ${worst.toFixed(3)}, sum ${(total / 1000).toFixed(2)} s, slowest ${(slowest / 1000).toFixed(3)} s`,
  );
}
writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
