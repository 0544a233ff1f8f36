import { expect, it } from "vitest";
import {
  type CompilerLayer,
  compilerCompute,
  compilerCycles,
  type PoolTraffic,
} from "../../lib/cost/compiler-estimate.js";
import type { ToolVersion } from "../../lib/targets/neural-art/records.js";
import { cycles } from "../../lib/units.js";
import { type CsvRow, readCsv } from "../csv.js";
import { describeShared } from "../shared.js";

const EXAMPLE: CompilerLayer = {
  tool: "2.1",
  kind: "depthwise",
  kernelHeight: 3,
  kernelWidth: 3,
  inputChannels: 8,
  outputChannels: 152,
  inputBytes: 9728,
  outputs: 9728,
  kernelBytes: 10944,
  deep: false,
  inflated: true,
  units: 1,
};

it("compilerCycles() and compilerCompute() reckon the example of compiler-estimate.ts", () => {
  const compute = compilerCompute(EXAMPLE);
  expect(compute).toBe(10944);
  const traffic = [
    { pool: "octoFlash", readBytes: 10944, writtenBytes: 0 },
    { pool: "npuRAM5", readBytes: 9728, writtenBytes: 9728 },
  ];
  expect(compilerCycles({ tool: "2.1", compute, depthwise: true, traffic })).toBe(65664);
  const onChip = traffic.slice(1);
  expect(compilerCycles({ tool: "2.1", compute: cycles(0), depthwise: true, traffic: onChip })).toBe(3040);
  // From 3.0 on byte by byte, reading beside writing.
  expect(compilerCycles({ tool: "3.0", compute: cycles(0), depthwise: true, traffic: onChip })).toBe(12160);
});

it("compilerCycles() names a memory that it does not know", () => {
  const traffic = [{ pool: "tapeDrive", readBytes: 1, writtenBytes: 0 }];
  expect(() => compilerCycles({ tool: "2.1", compute: cycles(1), depthwise: false, traffic })).toThrow(
    /memory 'tapeDrive'.*expected one of npuRAM3/,
  );
});

const toolOf = ({ stedgeai }: CsvRow) => stedgeai!.slice(0, 3) as ToolVersion;

/** `pool:r<bytes>/<cycles>cy,w<bytes>/<cycles>cy`, pools parted by semicolons. */
function trafficOf({ mem }: CsvRow): readonly PoolTraffic[] {
  return [...mem!.matchAll(/(\w+):r(\d+)\/\d+cy,w(\d+)\/\d+cy/g)].map(([, pool, read, written]) => ({
    pool: pool!,
    readBytes: Number(read),
    writtenBytes: Number(written),
  }));
}

/** `COUTxCINxHxW`, inflated ones marked; several kernels parted by semicolons. */
function kernelsOf({ kernel_shapes }: CsvRow) {
  return [...kernel_shapes!.matchAll(/(\d+)x(\d+)x(\d+)x(\d+)(\(inflated\))?/g)].map(
    ([, cout, cin, height, width, inflated]) => ({
      cout: Number(cout),
      cin: Number(cin),
      height: Number(height),
      width: Number(width),
      inflated: inflated !== undefined,
    }),
  );
}

const shapesOf = (text: string) => text.split(";").map((shape) => shape.split("x").map(Number));
const product = (shape: readonly number[]) => shape.reduce((total, size) => total * size, 1);

function depthwiseOf(row: CsvRow): boolean {
  const [kernel, ...others] = kernelsOf(row);
  if (!kernel || others.length > 0) return false;
  return kernel.inflated || (kernel.cin === 1 && shapesOf(row.in_shapes!)[0]![1] === kernel.cout);
}

/** Returns the layer of an epoch that has one kernel; null for the others. */
function layerOf(row: CsvRow): CompilerLayer | null {
  const [kernel, ...others] = kernelsOf(row);
  if (!kernel || others.length > 0 || row.mapping === "SW") return null;
  const input = product(shapesOf(row.in_shapes!)[0]!);
  // The flash column tells how wide the kernel's words are: two cycles a byte for 24 bits.
  const [, bytes, spent] = /octoFlash:r(\d+)\/(\d+)cy/.exec(row.mem!) ?? [];
  const kind = depthwiseOf(row) ? "depthwise" : "convolution";
  const pools = trafficOf(row).filter(({ pool }) => pool !== "octoFlash");
  const read = pools.reduce((total, { readBytes }) => total + readBytes, 0);
  return {
    tool: toolOf(row),
    kind,
    kernelHeight: kernel.height,
    kernelWidth: kernel.width,
    inputChannels: kernel.cin,
    outputChannels: kernel.cout,
    inputBytes: kind === "depthwise" ? Math.max(input, read) : input,
    outputs: product(shapesOf(row.out_shapes!)[0]!),
    kernelBytes: kernel.cout * kernel.cin * kernel.height * kernel.width,
    deep: Number(spent) / Number(bytes) < 3,
    inflated: kernel.inflated,
    units: Number(row.n_conv_units),
  };
}

describeShared("the compiler's estimates of 803 epochs", () => {
  const rows = readCsv("measurements/compiler_epoch_estimates.csv");

  it("compilerCycles() is exact for every epoch of 2.1 and 2.2 and for all but one of 3.0", () => {
    const missed = rows.filter((row) => {
      const compute = cycles(Number(row.compute_cycles));
      const epoch = { tool: toolOf(row), compute, depthwise: depthwiseOf(row), traffic: trafficOf(row) };
      return compilerCycles(epoch) !== Number(row.max_cycles);
    });
    expect(rows.length).toBe(803);
    // The copy of an image of 3 channels writes byte by byte too, which nothing in the row tells.
    expect(missed.map((row) => `${row.stedgeai} ${row.epoch} ${row.ops_kinds}`)).toEqual([
      "3.0.0-20426 epoch_1 Identity",
    ]);
  });

  it("compilerCompute() is exact for 95 % of the epochs that have one layer", () => {
    const layers = rows.flatMap((row) => {
      const layer = layerOf(row);
      return layer ? [{ row, layer }] : [];
    });
    const missed = layers.filter(({ row, layer }) => compilerCompute(layer) !== Number(row.compute_cycles));
    expect(layers.length).toBe(279);
    expect(
      missed.map(({ row }) => `${row.model} ${row.stedgeai!.slice(0, 3)} ${row.epoch}`),
    ).toMatchInlineSnapshot(`
      [
        "mobilenetv2_0.5_128 2.1 epoch_54",
        "mobilenetv2_0.5_128 2.2 epoch_54",
        "centerface 2.1 epoch_46",
      ]
    `);
  });
});
