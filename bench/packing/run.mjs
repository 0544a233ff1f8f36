/**
 * `npm run bench:packing`: how fast kernels are repacked on one core, in GB of packed bytes
 * per second of processor time, beside a copy of as many bytes in the same rounds. Prints a table and writes
 * result.json. Processor time, not the clock's: other work on the machine then slows caches, but counts for nobody.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { packKernel } from "../../dist/lib/targets/neural-art/packing/kernel.js";
import { packKernelBytes } from "../../dist/lib/targets/neural-art/packing/kernel-bytes.js";

const ROUNDS = 15;
/** Bytes that a round packs at least, by packing the same kernel again. */
const AT_LEAST = 32 << 20;

const layer = (fields) => ({
  kind: "conv",
  kernelHeight: 1,
  kernelWidth: 1,
  groups: 1,
  inputHeight: 8,
  inputWidth: 8,
  outputHeight: 8,
  outputWidth: 8,
  strides: [1, 1],
  dilations: [1, 1],
  inputZeroPoint: -128,
  weights: "int8",
  perChannel: true,
  hasBias: true,
  onCpu: false,
  ...fields,
});
const CASES = [
  ["plain 1x1, 512 to 512", layer({ inputChannels: 512, outputChannels: 512, inputZeroPoint: 3 })],
  ["deep 1x1, 512 to 512", layer({ inputChannels: 512, outputChannels: 512 })],
  [
    "plain 3x3, 512 to 512",
    layer({ kernelHeight: 3, kernelWidth: 3, inputChannels: 512, outputChannels: 512 }),
  ],
  ["plain 3x3, 4 to 512", layer({ kernelHeight: 3, kernelWidth: 3, inputChannels: 4, outputChannels: 512 })],
  [
    "inflated 3x3, 1024 channels",
    layer({
      kind: "depthwise",
      kernelHeight: 3,
      kernelWidth: 3,
      inputChannels: 1024,
      outputChannels: 1024,
      groups: 1024,
    }),
  ],
  [
    "inflated 3x3 by 2, 1024 channels",
    layer({
      kind: "depthwise",
      kernelHeight: 3,
      kernelWidth: 3,
      inputChannels: 1024,
      outputChannels: 1024,
      groups: 1024,
      strides: [2, 2],
    }),
    { tool: "3.0", epochController: true, profile: "default" },
  ],
  ["plain 1x1, 112 to 512", layer({ inputChannels: 112, outputChannels: 512, inputZeroPoint: 3 })],
  ["deep 1x1, 250 to 500", layer({ inputChannels: 250, outputChannels: 500 })],
  ["rows 5x5, 64 to 64", layer({ kernelHeight: 5, kernelWidth: 5, inputChannels: 64, outputChannels: 64 })],
  [
    "rows 7x7 in pairs, 3 to 512",
    layer({ kernelHeight: 7, kernelWidth: 7, inputChannels: 3, outputChannels: 512 }),
    { tool: "3.0", epochController: true, profile: "O3" },
  ],
  [
    "rows 5x5 depthwise, 1024 channels",
    layer({
      kind: "depthwise",
      kernelHeight: 5,
      kernelWidth: 5,
      inputChannels: 1024,
      outputChannels: 1024,
      groups: 1024,
    }),
  ],
];

const options = { tool: "2.1", epochController: true, profile: "O3" };
/** Returns milliseconds of processor time that this process has used. */
const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rate = (value) => Math.round(value * 100) / 100;

const contestants = CASES.map(([name, fields, own]) => {
  const { shape, parts, bytes } = packKernel(fields, own ?? options);
  const count = shape.outputChannels * shape.height * shape.width * shape.inputChannels;
  const values = Int8Array.from({ length: count }, (_, index) => index * 31);
  const to = new Uint8Array(bytes);
  const from = new Uint8Array(bytes).fill(7);
  const times = Math.ceil(AT_LEAST / bytes);
  return { name, shape, parts, values, to, from, times, bytes, pack: [], memcpy: [] };
});

for (let round = -3; round < ROUNDS; round++) {
  for (const { shape, parts, values, to, from, times, bytes, pack, memcpy } of contestants) {
    let start = spent();
    for (let time = 0; time < times; time++) packKernelBytes(values, shape, parts, to);
    const packed = (bytes * times) / (spent() - start) / 1e6;
    start = spent();
    for (let time = 0; time < times; time++) to.set(from);
    const copied = (bytes * times) / (spent() - start) / 1e6;
    // The first rounds run code that is not compiled yet.
    if (round >= 0) {
      pack.push(rate(packed));
      memcpy.push(rate(copied));
    }
  }
}

const result = {
  tool: "npulab",
  commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
  machine: { cpu: cpus()[0].model, cores: cpus().length, node: process.version, load: loadavg()[0] },
  unit: "GB of packed bytes per second of processor time",
  cases: contestants.map(({ name, bytes, pack, memcpy }) => ({
    name,
    packedBytes: bytes,
    median: median(pack),
    best: Math.max(...pack),
    memcpyMedian: median(memcpy),
    rounds: pack,
    memcpyRounds: memcpy,
  })),
};
for (const { name, median: middle, best, memcpyMedian } of result.cases) {
  console.log(
    `${name.padEnd(36)} ${middle.toFixed(2)} GB/s (best ${best.toFixed(2)}), memcpy ${memcpyMedian.toFixed(1)}`,
  );
}
writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
