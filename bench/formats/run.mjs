/**
 * `npm run bench:formats`: how long opening takes and how much memory, beside other decoders in the same
 * minutes. Each tool has a process of its own and they take turns, so that whatever else the machine does
 * hits all alike. Prints a table and writes result.json.
 */
import { execFileSync, fork } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { openModel } from "../../dist/lib/formats/open.js";
import { fileSource } from "../../dist/lib/node/file-source.js";
import { prepare } from "./inputs.mjs";

const ROUNDS = 5;
/** The first rounds run code that is not compiled yet; they are kept in the file, apart from the median. */
const WARM_UP = 12;
const RACES = [
  { input: "raw-300.onnx", tools: ["npulab", "protobufjs", "onnx-proto"] },
  { input: "raw-629.onnx", tools: ["npulab", "protobufjs"] },
  { input: "many.onnx", tools: ["npulab", "protobufjs", "onnx-proto"] },
  { input: "raw-314.tflite", tools: ["npulab"] },
  { input: "many.tflite", tools: ["npulab"] },
];

const versionOf = (tool) => {
  if (tool === "npulab")
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  return JSON.parse(readFileSync(new URL(`../../node_modules/${tool}/package.json`, import.meta.url)))
    .version;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rounded = (value) => Math.round(value * 10) / 10;

/** Returns the rate of copying 256 MiB in GB/s, the best of five. */
function memcpyRate() {
  const from = Buffer.alloc(256 << 20, 1);
  const to = Buffer.alloc(256 << 20, 2);
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    from.copy(to);
    return performance.now() - start;
  });
  return from.length / Math.min(...times) / 1e6;
}

function start(tool, path) {
  const child = fork(new URL("contestant.mjs", import.meta.url), [tool, path], { execArgv: ["--expose-gc"] });
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (code) => reject(new Error(`${tool} ended with ${code}`));
      child.once("exit", fail);
      child.once("message", (message) => {
        child.off("exit", fail);
        resolve(message);
      });
    });
  return { child, answer };
}

async function race({ input, tools }) {
  const { path, ...about } = prepare(input);
  const runners = await Promise.all(
    tools.map(async (tool) => {
      const { child, answer } = start(tool, path);
      await answer();
      return { tool, child, answer, rounds: [] };
    }),
  );
  // Long rounds are compiled from the first one on.
  const warmUp = input.startsWith("many") ? 2 : WARM_UP;
  for (let round = 0; round < warmUp + ROUNDS; round++) {
    for (const { child, answer, rounds } of runners) {
      const answered = answer();
      child.send("go");
      rounds.push(await answered);
    }
  }
  return runners.map(({ tool, child, rounds }) => {
    child.kill();
    const counted = rounds.slice(warmUp);
    return {
      input: about,
      tool,
      version: versionOf(tool),
      firstMs: rounded(rounds[0].ms),
      medianMs: rounded(median(counted.map(({ ms }) => ms))),
      minMs: rounded(Math.min(...counted.map(({ ms }) => ms))),
      medianCpuMs: rounded(median(counted.map(({ cpuMs }) => cpuMs))),
      ...(counted[0].walkMs !== undefined && {
        medianWalkMs: rounded(median(counted.map(({ walkMs }) => walkMs))),
      }),
      firstGrowthMB: rounded(rounds[0].grownMB),
      firstPeakMB: rounded(rounds[0].peakMB),
      rounds,
    };
  });
}

/** Returns how fast the first look at a constant is, against `pread` into memory as fresh as ours. */
function firstAccess() {
  const { path, ...about } = prepare("raw-300.onnx");
  const rounds = Array.from({ length: ROUNDS }, () => {
    const source = fileSource(path);
    const weights = openModel(source).graph.constants();
    const bytes = weights.reduce((sum, { data }) => sum + data.byteLength, 0);
    const buffersBefore = process.memoryUsage().arrayBuffers;
    let start = performance.now();
    const held = weights.map(({ data }) => data.read());
    const oursMs = performance.now() - start;
    const copies = (process.memoryUsage().arrayBuffers - buffersBefore) / bytes;
    held.length = 0;
    source.close();
    const file = openSync(path, "r");
    start = performance.now();
    const plain = weights.map(({ data }, index) => {
      const target = new Uint8Array(data.byteLength);
      readSync(file, target, 0, target.length, 40_000 + index * target.length);
      return target;
    });
    const preadMs = performance.now() - start;
    closeSync(file);
    return { oursGBs: bytes / oursMs / 1e6, preadGBs: bytes / preadMs / 1e6, copies, held: plain.length };
  });
  return {
    input: about,
    medianShareOfPread:
      rounded(100 * median(rounds.map(({ oursGBs, preadGBs }) => oursGBs / preadGBs))) / 100,
    medianGBs: rounded(median(rounds.map(({ oursGBs }) => oursGBs))),
    copiesHeld: rounded(median(rounds.map(({ copies }) => copies))),
    rounds,
  };
}

const machine = {
  cpu: cpus()[0].model,
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 1e9),
  node: process.version,
  memcpyGBs: rounded(memcpyRate()),
  loadAtStart: loadavg()[0],
};
const results = [];
for (const item of RACES) results.push(...(await race(item)));
const access = firstAccess();
machine.memcpyGBsAtEnd = rounded(memcpyRate());
machine.loadAtEnd = loadavg()[0];
console.table(
  results.map(
    ({
      input,
      tool,
      version,
      firstMs,
      medianMs,
      minMs,
      medianCpuMs,
      medianWalkMs,
      firstGrowthMB,
      firstPeakMB,
    }) => ({
      input: input.name,
      sha256: input.sha256.slice(0, 8),
      tool: `${tool} ${version}`,
      firstMs,
      medianMs,
      minMs,
      medianCpuMs,
      medianWalkMs,
      firstGrowthMB,
      firstPeakMB,
    }),
  ),
);
console.log(
  `first access: ${access.medianGBs} GB/s, ${access.medianShareOfPread} of pread, ${access.copiesHeld} copies held`,
);
console.log(
  `memcpy ${machine.memcpyGBs} to ${machine.memcpyGBsAtEnd} GB/s, load ${machine.loadAtStart} to ${machine.loadAtEnd} on ${machine.cores} cores, ${ROUNDS} rounds after ${WARM_UP}`,
);
writeFileSync(
  new URL("result.json", import.meta.url),
  `${JSON.stringify({ machine, rounds: ROUNDS, warmUp: WARM_UP, results, access }, null, 1)}\n`,
);
