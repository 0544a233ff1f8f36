/**
 * Memory pools of STM32N6: what the compiler is told of each memory, and the order in which it was seen to use
 * them. Addresses, sizes, widths and ratios are those that ST's stock pool file `stm32n6.mpool` (2.1) states;
 * the same figures stand in the memory map of RM0486.
 */

import { LabError } from "../../errors.js";
import { type Bytes, bytes } from "../../units.js";
import type { Fact } from "../rule.js";

export interface MemoryPool {
  /** Label in reports: `npuRAM5`. */
  readonly name: string;
  readonly address: number;
  /** 0: the pool is not used. */
  readonly sizeBytes: Bytes;
  readonly rights: "read" | "write";
  /** external: behind the NPU cache and outside the chip; never merged into a virtual pool. */
  readonly external: boolean;
  readonly constantsPreferred: boolean;
  /** Bus width in bytes, and NPU clock divided by memory clock: bytes per NPU cycle is their quotient. */
  readonly byteWidth: number;
  readonly freqRatio: number;
  readonly source: string;
}

/**
 * Activations go to these pools, first to last, before they are spread over several. Seen in 30 compiled
 * networks of tools 2.0 to 4.0: small ones use npuRAM5 alone, larger ones npuRAM5, 4, 3, then npuRAM6 and
 * cpuRAM2; external RAM is used only by networks that do not fit on the chip.
 */
export const ACTIVATION_ORDER: Fact<readonly string[]> = {
  value: ["npuRAM5", "npuRAM4", "npuRAM3", "npuRAM6", "cpuRAM2", "cpuRAM1", "flexMEM", "hyperRAM"],
  evidence: "observed",
  source: "order of pools in network.c of 30 networks, tools 2.0 to 4.0",
};

const KIB = 1024;
const MIB = 1024 * 1024;
const STOCK = "stm32n6.mpool of ST Edge AI Core 2.1";

type PoolFields = Pick<MemoryPool, "name" | "address" | "byteWidth" | "freqRatio"> & {
  readonly size: number;
};

function internal({ name, address, size, byteWidth, freqRatio }: PoolFields): MemoryPool {
  return {
    name,
    address,
    sizeBytes: bytes(size),
    rights: "write",
    external: false,
    constantsPreferred: false,
    byteWidth,
    freqRatio,
    source: STOCK,
  };
}

const bank = (name: string, address: number) =>
  internal({ name, address, size: 448 * KIB, byteWidth: 8, freqRatio: 1.25 });

/** RAM on the chip. flexMEM and cpuRAM1 belong to the firmware: the stock file gives them size 0. */
export const INTERNAL_POOLS: readonly MemoryPool[] = [
  internal({ name: "flexMEM", address: 0x34000000, size: 0, byteWidth: 8, freqRatio: 2.5 }),
  internal({ name: "cpuRAM1", address: 0x34064000, size: 0, byteWidth: 8, freqRatio: 2.5 }),
  internal({ name: "cpuRAM2", address: 0x34100000, size: MIB, byteWidth: 8, freqRatio: 2.5 }),
  bank("npuRAM3", 0x34200000),
  bank("npuRAM4", 0x34270000),
  bank("npuRAM5", 0x342e0000),
  bank("npuRAM6", 0x34350000),
];

/** PSRAM on XSPI1 of the discovery kit. */
export const HYPER_RAM: MemoryPool = {
  name: "hyperRAM",
  address: 0x90000000,
  sizeBytes: bytes(32 * MIB),
  rights: "write",
  external: true,
  constantsPreferred: true,
  byteWidth: 2,
  freqRatio: 5,
  source: STOCK,
};

/** NOR flash on XSPI2, both boards; the stock file grants the network half of the discovery kit's 128 MB. */
export const OCTO_FLASH: MemoryPool = {
  name: "octoFlash",
  address: 0x70000000,
  sizeBytes: bytes(64 * MIB),
  rights: "read",
  external: true,
  constantsPreferred: true,
  byteWidth: 1,
  freqRatio: 6,
  source: STOCK,
};

/** The part of the flash that ST's application examples leave to the network, behind the signed firmware. */
export const OCTO_FLASH_BEHIND_FIRMWARE: MemoryPool = {
  ...OCTO_FLASH,
  address: 0x70380000,
  sizeBytes: bytes(61 * MIB),
  source: "stm32n6-app2_NUCLEO-N657X0-Q.mpool of STM32N6-GettingStarted-ImageClassification (2.1)",
};

/** Bytes per second of copying weights from mapped flash to RAM, and what the roundness of its source allows. */
export interface InstallRate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The one published timing: about 2 MB of yolov5n-224 copied in "17+ ms". 2,000,000 bytes in 17 ms are 118 MB/s;
 * low and high take its parameters alone in 18 ms, and 2 MiB in 17. It is far below what the NPU streams from the
 * same flash (346 MB/s): the CPU copies, and reads in shorter bursts.
 */
export const INSTALL_RATE: Fact<InstallRate> = {
  value: { value: 2_000_000 / 0.017, low: 1_793_272 / 0.018, high: (2 * MIB) / 0.017 },
  evidence: "measured",
  source: "stneuralart_reloc_mode.html (2.1), yolov5n-224 in overdrive: ~2 MB installed in 17+ ms",
};

/** Returns the pools in the order in which activations use them; pools that the order does not name go last. */
export function inActivationOrder(pools: readonly MemoryPool[]): readonly MemoryPool[] {
  const rank = (pool: MemoryPool) => {
    const index = ACTIVATION_ORDER.value.indexOf(pool.name);
    if (index >= 0) return index;
    return ACTIVATION_ORDER.value.length + (pool.external ? 1 : 0);
  };
  return [...pools].sort((a, b) => rank(a) - rank(b));
}

/** A pool as a memory pool file describes it; `readMpool` makes such records. */
export interface PoolDescription {
  readonly name: string;
  readonly format: string;
  readonly mode: "absolute" | "relative";
  readonly offset: number;
  /** null: no limit. */
  readonly sizeBytes: Bytes | null;
  readonly rights: "read" | "write";
  readonly constantsPreferred: boolean;
  readonly byteWidth: number;
  readonly freqRatio: number;
}

/**
 * Returns the pools of a memory pool file, in the order in which activations use them. Relative pools have no
 * address before the network is installed: throws a LabError that names one.
 */
export function poolsFromFile(records: readonly PoolDescription[], title: string): readonly MemoryPool[] {
  // Pools in C format are the tool's own: blobs of the epoch controller, linked into the program.
  const placed = records.filter((record) => record.format !== "FORMAT_C");
  const relative = placed.find((record) => record.mode === "relative" || record.sizeBytes === null);
  if (relative) {
    throw new LabError({
      code: "POOL_RELATIVE",
      message: `Cannot plan with '${title}': pool '${relative.name}' is relative, expected an absolute address`,
      hint: "give the address at which the application installs the network, with USEMODE_ABSOLUTE",
    });
  }
  return inActivationOrder(
    placed.map((record) => ({
      name: record.name,
      address: record.offset,
      sizeBytes: record.sizeBytes ?? bytes(0),
      rights: record.rights,
      external: !isOnChip(record.offset),
      constantsPreferred: record.constantsPreferred,
      byteWidth: record.byteWidth,
      freqRatio: record.freqRatio,
      source: title,
    })),
  );
}

/** On-chip RAM seen by the bus masters, secure (0x34…) and non-secure alias (0x24…). RM0486, memory map. */
function isOnChip(address: number): boolean {
  const window = Math.floor(address / 0x1000000);
  return window === 0x34 || window === 0x24;
}
