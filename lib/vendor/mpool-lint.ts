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
    if (pool.mode === "relative" || sizeBytes === null) continue;
    const internal = isInternal(pool);
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
