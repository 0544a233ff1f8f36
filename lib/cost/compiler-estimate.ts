/**
 * The vendor compiler's own estimate of an epoch, as its reports print it: compute and memory traffic overlap
 * perfectly, memories are independent of each other, and starting an epoch costs nothing. It is what the
 * compiler believes, not what a board does; estimate.ts has that.
 *
 *   cycles = max( compute , over memories: ⌊ bytes ÷ width · ratio ⌋ )
 *
 * Example, MobileNetV2 0.5 at 128, tool 2.1, epoch 23: a depthwise layer of 152 channels at 8x8 computes
 * 152 · 8 · 9 = 10,944 cycles (its inflated kernel, a byte each), reads and writes 9,728 bytes of npuRAM5 in
 * 3,040 cycles, and reads 10,944 bytes of flash in 65,664: the estimate is 65,664.
 */
import { LabError } from "../errors.js";
import type { ToolVersion } from "../targets/neural-art/records.js";
import type { Evidence, Fact } from "../targets/rule.js";
import { type Cycles, cycles } from "../units.js";
import { largestDivisor } from "./hardware.js";

function fact<T>(value: T, evidence: Evidence, source: string): Fact<T> {
  return { value, evidence, source };
}

/** How the compiler sees a memory: bytes per access, and NPU cycles per access. */
export interface MemoryClass {
  readonly byteWidth: number;
  readonly freqRatio: number;
}

const MPOOL = ".mpool files of tools 2.1 and 3.0, byteWidth and freqRatio";
const NPU_RAM = fact<MemoryClass>({ byteWidth: 8, freqRatio: 1.25 }, "observed", MPOOL);
const CPU_RAM = fact<MemoryClass>({ byteWidth: 8, freqRatio: 2.5 }, "observed", MPOOL);

export const COMPILER_MEMORIES: Readonly<Record<string, Fact<MemoryClass>>> = {
  npuRAM3: NPU_RAM,
  npuRAM4: NPU_RAM,
  npuRAM5: NPU_RAM,
  npuRAM6: NPU_RAM,
  cpuRAM1: CPU_RAM,
  cpuRAM2: CPU_RAM,
  flexMEM: CPU_RAM,
  hyperRAM: fact({ byteWidth: 2, freqRatio: 5 }, "observed", MPOOL),
  octoFlash: fact({ byteWidth: 1, freqRatio: 6 }, "observed", MPOOL),
};

/**
 * From tool 3.0 on, depthwise layers pass activations byte by byte, and reading and writing overlap. Seen in
 * MobileNetV2 0.5 at 128: 17 depthwise epochs, 81,920 bytes each way in 102,400 cycles.
 */
export const SINGLE_BYTES_FROM = fact<readonly ToolVersion[]>(
  ["3.0", "4.0"],
  "observed",
  "compiler estimates of tool 3.0 (atonn 1.1.3), 17 of 17 depthwise epochs; 4.0 inferred",
);

export interface PoolTraffic {
  readonly pool: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface CompilerEpoch {
  readonly tool: ToolVersion;
  /** Cycles of the units; `compilerCompute` has them for a layer. */
  readonly compute: Cycles;
  readonly depthwise: boolean;
  readonly traffic: readonly PoolTraffic[];
}

function trafficCycles({ pool, readBytes, writtenBytes }: PoolTraffic, singly: boolean): number {
  const memory = Object.hasOwn(COMPILER_MEMORIES, pool) ? COMPILER_MEMORIES[pool] : undefined;
  if (!memory) {
    throw new LabError({
      code: "POOL_UNKNOWN",
      message: `Cannot estimate traffic of memory '${pool}': the compiler's classes have none of this name, expected one of ${Object.keys(COMPILER_MEMORIES).join(", ")}`,
    });
  }
  const { byteWidth, freqRatio } = memory.value;
  if (singly && memory !== COMPILER_MEMORIES.octoFlash) return Math.max(readBytes, writtenBytes) * freqRatio;
  return ((readBytes + writtenBytes) / byteWidth) * freqRatio;
}

/** Returns the compiler's `max_cycles` of an epoch; throws a LabError for a memory it does not know. */
export function compilerCycles({ tool, compute, depthwise, traffic }: CompilerEpoch): Cycles {
  const singly = depthwise && SINGLE_BYTES_FROM.value.includes(tool);
  let most: number = compute;
  for (const pool of traffic) most = Math.max(most, Math.floor(trafficCycles(pool, singly)));
  return cycles(most);
}

/** A layer as the compiler's report shows it. */
export interface CompilerLayer {
  readonly tool: ToolVersion;
  readonly kind: "depthwise" | "convolution";
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Bytes that enter, once: elements of 16 bits count twice. */
  readonly inputBytes: number;
  /** Elements that leave the convolution, before a pool in the same epoch. */
  readonly outputs: number;
  /** Bytes of the kernel in flash. */
  readonly kernelBytes: number;
  /** Whether the kernel is stored in 24-bit words. */
  readonly deep: boolean;
  /** Depthwise kernels of tools 3.0 and later that are inflated anyway, because of their stride. */
  readonly inflated: boolean;
  /** Convolution units in the chain. */
  readonly units: number;
}

const UNIT_KERNELS = 8;
const UNIT_TAPS = 9;
/** Kernels of a 1x1 layer per pass: 24 where a unit has at most 24 input channels, 16 otherwise. */
const NARROW = 24;
const WIDE = 16;

function convolutionPasses(layer: CompilerLayer): number {
  const { kernelHeight, kernelWidth, inputChannels, outputChannels, units, deep } = layer;
  const taps = kernelHeight * kernelWidth;
  if (taps > 1) {
    return (Math.ceil(outputChannels / UNIT_KERNELS) * Math.ceil(taps / UNIT_TAPS)) / units;
  }
  if (deep) {
    const kernels = largestDivisor(outputChannels, NARROW);
    const passes = Math.ceil(outputChannels / (kernels >= UNIT_KERNELS ? kernels : NARROW));
    return passes / units / 3;
  }
  const kernels = Math.ceil(inputChannels / units) <= NARROW ? NARROW : WIDE;
  return Math.max(1, outputChannels / kernels) / units;
}

/**
 * Returns the compiler's `compute_cycles` of a weighted layer: one output, one byte of the kernel (three in
 * 24-bit words), and one byte of the input per pass and unit each cycle; the slowest counts. Exact for 276 of
 * the 279 epochs with one layer that the tests read; the others have a pool or a second chain beside it.
 */
export function compilerCompute(layer: CompilerLayer): Cycles {
  const { tool, kind, inputBytes, outputs, kernelBytes, deep, inflated } = layer;
  if (kind === "depthwise") {
    const halved = inflated && SINGLE_BYTES_FROM.value.includes(tool);
    return cycles(Math.max(halved ? inputBytes / 2 : inputBytes, outputs, kernelBytes));
  }
  const stream = kernelBytes / (deep ? 3 : 1);
  return cycles(Math.ceil(Math.max(outputs, stream, inputBytes * convolutionPasses(layer)) - 1e-9));
}
