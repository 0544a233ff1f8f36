/** What is odd about a memory pool file that the compiler would take without a word. */

import { formatPlace } from "./json.js";
import type { MpoolFile, PoolRecord } from "./mpool.js";

export type LintCode =
  | "OVERLAP"
  | "HOLE"
  | "CACHEABLE_INTERNAL"
  | "UNUSED"
  | "NO_CONSTANTS_POOL"
  | "NO_ACTIVATION_POOL"
  | "TOO_LARGE"
  | "FIRMWARE"
  | "WRITABLE_FLASH"
  | "READ_ONLY_RAM"
  | "UNIT"
  | "RELATIVE_INTERNAL"
  | "RELATIVE_COUNT"
  | "SAME_NAME";

export interface LintFinding {
  readonly code: LintCode;
  /** error: the network cannot work; warning: probably not meant; note: worth knowing. */
  readonly severity: "error" | "warning" | "note";
  readonly message: string;
  readonly at: string;
}

/** On-chip RAM of STM32N6 as the bus masters see it; the secure alias is 0x34…. RM0486, memory map. */
const INTERNAL_RAM = [
  { from: 0x24000000, to: 0x25000000 },
  { from: 0x34000000, to: 0x35000000 },
] as const;

/** Firmware of ST's application examples lives in the first megabyte of on-chip RAM (AXISRAM1 and FLEXMEM). */
const FIRMWARE_BYTES = 0x100000;

/**
 * Where ST's application examples put the signed application in the flash: STM32N6-GettingStarted, README. A pool
 * that covers it overwrites the firmware as soon as the image reaches that far.
 */
const FLASH_FIRMWARE = 0x70100000;

/** XSPI2 carries NOR flash on both ST boards: UM3300, UM3417. */
const FLASH_WINDOW = { from: 0x70000000, to: 0x80000000 } as const;

/** The smallest RAM bank of STM32N6 has 400 KB; a pool below this was written in the wrong unit. */
const SMALLEST_MEANT_BYTES = 4096;

/** Relocatable networks know two relative pools: parameters, and external RAM. stneuralart_reloc_mode.html. */
const RELATIVE_POOLS = 2;

/** Each external memory window of STM32N6 (XSPI1, XSPI2, XSPI3) spans 256 MB. RM0486, memory map. */
const EXTERNAL_WINDOW_BYTES = 256 * 1024 * 1024;

/** A gap this small between two pools is a slip, not a layout: adjacent banks have none. */
const SUSPICIOUS_HOLE_BYTES = 1024;

const hex = (address: number) => `0x${address.toString(16).toUpperCase().padStart(8, "0")}`;
const endOf = (pool: PoolRecord) => pool.offset + (pool.sizeBytes ?? 0);
const isInternal = (pool: PoolRecord) =>
  INTERNAL_RAM.some(({ from, to }) => pool.offset >= from && pool.offset < to);

/** Returns the soft problems of the file, in the order of its pools; empty for a sound one. */
export function lintMpool(file: MpoolFile): readonly LintFinding[] {
  const findings: LintFinding[] = [];
  const add = (pool: PoolRecord, code: LintCode, severity: LintFinding["severity"], message: string) => {
    findings.push({ code, severity, message, at: formatPlace(pool.place) });
  };
  const used = file.pools.filter((pool) => pool.sizeBytes !== 0 && pool.mode === "absolute");

  for (const pool of file.pools) {
    const { name, sizeBytes } = pool;
    if (file.pools.find((other) => other.name === name) !== pool) {
      add(pool, "SAME_NAME", "warning", `pool '${name}' is named twice: reports cannot tell the two apart`);
    }
    if (sizeBytes === 0) {
      add(pool, "UNUSED", "note", `pool '${name}' has size 0: nothing is placed there`);
      continue;
    }
    const internal = isInternal(pool);
    if (pool.mode === "relative" && internal) {
      add(
        pool,
        "RELATIVE_INTERNAL",
        "error",
        `pool '${name}' at ${hex(pool.offset)} is on-chip and USEMODE_RELATIVE: only external memory can be relative`,
      );
    }
    if (pool.mode === "relative" || sizeBytes === null) continue;
    if (sizeBytes < SMALLEST_MEANT_BYTES) {
      add(
        pool,
        "UNIT",
        "warning",
        `pool '${name}' has ${sizeBytes} bytes: is ${pool.magnitude} the unit that was meant?`,
      );
    }
    if (internal && pool.rights === "read") {
      add(
        pool,
        "READ_ONLY_RAM",
        "warning",
        `pool '${name}' at ${hex(pool.offset)} is RAM and ACC_READ: activations cannot use it`,
      );
    }
    if (pool.rights === "write" && pool.offset >= FLASH_WINDOW.from && pool.offset < FLASH_WINDOW.to) {
      add(
        pool,
        "WRITABLE_FLASH",
        "error",
        `pool '${name}' at ${hex(pool.offset)} is flash on ST's boards and ACC_WRITE: activations written there are lost`,
      );
    }
    if (pool.offset <= FLASH_FIRMWARE && endOf(pool) > FLASH_FIRMWARE && pool.offset >= FLASH_WINDOW.from) {
      add(
        pool,
        "FIRMWARE",
        "warning",
        `pool '${name}' covers ${hex(FLASH_FIRMWARE)}, where the examples keep the signed application`,
      );
    }
    if (internal && pool.cacheable) {
      add(
        pool,
        "CACHEABLE_INTERNAL",
        "error",
        `pool '${name}' at ${hex(pool.offset)} is on-chip and CACHEABLE_ON: the NPU cache serves external memory only`,
      );
    }
    const window = INTERNAL_RAM.find(({ from, to }) => pool.offset >= from && pool.offset < to);
    if (window && pool.offset - window.from < FIRMWARE_BYTES) {
      add(
        pool,
        "FIRMWARE",
        "warning",
        `pool '${name}' at ${hex(pool.offset)} lies in the first megabyte of on-chip RAM, where the examples' firmware lives`,
      );
    }
    const limit = window ? window.to - pool.offset : EXTERNAL_WINDOW_BYTES;
    if (sizeBytes > limit) {
      add(
        pool,
        "TOO_LARGE",
        "error",
        `pool '${name}' has ${sizeBytes} bytes, more than its address window holds: is ${pool.magnitude} the unit that was meant?`,
      );
    }
  }

  const byAddress = [...used].sort((a, b) => a.offset - b.offset);
  for (let index = 1; index < byAddress.length; index++) {
    const below = byAddress[index - 1]!;
    const above = byAddress[index]!;
    const gap = above.offset - endOf(below);
    if (gap < 0) {
      add(
        above,
        "OVERLAP",
        "error",
        `pools '${below.name}' and '${above.name}' overlap by ${-gap} bytes at ${hex(above.offset)}`,
      );
    } else if (gap > 0 && gap <= SUSPICIOUS_HOLE_BYTES && isInternal(below) && isInternal(above)) {
      add(
        above,
        "HOLE",
        "warning",
        `${gap} bytes between '${below.name}' and '${above.name}' keep them from being merged into a virtual pool`,
      );
    }
  }

  const last = file.pools[file.pools.length - 1]!;
  const relative = file.pools.filter(({ mode, format }) => mode === "relative" && format !== "FORMAT_C");
  if (relative.length > RELATIVE_POOLS) {
    const names = relative.map(({ name }) => name).join(", ");
    add(
      relative[RELATIVE_POOLS]!,
      "RELATIVE_COUNT",
      "error",
      `${relative.length} pools are relative (${names}): a relocatable network knows ${RELATIVE_POOLS}`,
    );
  }
  const live = file.pools.filter((pool) => pool.sizeBytes !== 0);
  if (!live.some((pool) => pool.rights === "write")) {
    add(last, "NO_ACTIVATION_POOL", "error", "no pool can be written: activations have no place");
  }
  if (!live.some((pool) => pool.rights === "read" || pool.constantsPreferred)) {
    add(
      last,
      "NO_CONSTANTS_POOL",
      "note",
      "no pool is meant for constants: weights go to RAM and must be copied there before the first inference",
    );
  }
  return findings;
}
