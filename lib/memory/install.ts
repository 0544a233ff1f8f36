/**
 * Weights that live in RAM: what is copied where before the first inference, in which order, how long it takes
 * and after how many inferences it has paid for itself. Numbers only.
 *
 *   2,000,000 bytes at 118 MB/s: 16.9 ms once; 0.9 ms saved per inference: it pays from the 19th on
 */
import { LabError } from "../errors.js";
import { type Milliseconds, milliseconds } from "../units.js";

/** Bytes that must be at an address before the first inference. */
export interface Initialiser {
  readonly name: string;
  readonly pool: string;
  readonly destination: number;
  readonly bytes: number;
}

/** Bytes per second of a copy; `low` and `high` bound what the source allows. */
export interface CopyRate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface InstallCopy {
  readonly pool: string;
  readonly destination: number;
  readonly bytes: number;
  /** Names of what it brings, by rising address. */
  readonly initialisers: readonly string[];
  readonly ms: Milliseconds;
}

export interface InstallPlan {
  /** In the order in which they should run; each is one copy of a stretch without a gap of more than `joined` bytes. */
  readonly copies: readonly InstallCopy[];
  readonly bytes: number;
  readonly ms: Milliseconds;
  /** With the fastest and the slowest rate that the source allows. */
  readonly low: Milliseconds;
  readonly high: Milliseconds;
  /** Everything that must happen, the copies among it, as sentences in order. */
  readonly steps: readonly string[];
}

export interface InstallRequest {
  readonly initialisers: readonly Initialiser[];
  readonly rate: CopyRate;
  /** Gaps up to this length are copied along rather than skipped; alignment leaves up to 15 bytes. */
  readonly joined?: number;
}

/** Buffers start at multiples of 16. */
const ALIGNMENT_GAP = 15;

const count = (value: number) => value.toLocaleString("en-US");
const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;

function overlapOf(sorted: readonly Initialiser[]): LabError | null {
  for (let index = 1; index < sorted.length; index++) {
    const [below, above] = [sorted[index - 1]!, sorted[index]!];
    if (below.destination + below.bytes > above.destination) {
      return new LabError({
        code: "INSTALL_OVERLAP",
        message: `Cannot install '${above.name}' at ${hex(above.destination)}: '${below.name}' ends at ${hex(below.destination + below.bytes)}, expected separate places`,
      });
    }
  }
  return null;
}

/**
 * Returns the copies by rising address, neighbours joined, and everything around them. Throws a LabError when two
 * initialisers overlap or the rate is not positive.
 */
export function planInstall({ initialisers, rate, joined = ALIGNMENT_GAP }: InstallRequest): InstallPlan {
  for (const value of [rate.value, rate.low, rate.high]) {
    if (!(value > 0) || !Number.isFinite(value)) {
      throw new LabError({
        code: "INSTALL_RATE",
        message: `Cannot time a copy at ${value} bytes per second: expected a positive number`,
      });
    }
  }
  const sorted = initialisers
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => a.destination - b.destination);
  const overlap = overlapOf(sorted);
  if (overlap) throw overlap;
  const runs: { pool: string; destination: number; end: number; names: string[] }[] = [];
  for (const { name, pool, destination, bytes } of sorted) {
    const last = runs.at(-1);
    if (last && last.pool === pool && destination - last.end <= joined) {
      last.end = destination + bytes;
      last.names.push(name);
    } else {
      runs.push({ pool, destination, end: destination + bytes, names: [name] });
    }
  }
  const copies = runs.map(({ pool, destination, end, names }): InstallCopy => {
    const bytes = end - destination;
    return { pool, destination, bytes, initialisers: names, ms: milliseconds((bytes / rate.value) * 1000) };
  });
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  const at = (perSecond: number) => milliseconds((bytes / perSecond) * 1000);
  return {
    copies,
    bytes,
    ms: at(rate.value),
    low: at(rate.high),
    high: at(rate.low),
    steps: stepsOf(copies),
  };
}

function stepsOf(copies: readonly InstallCopy[]): readonly string[] {
  if (copies.length === 0) return [];
  const pools = [...new Set(copies.map(({ pool }) => pool))].join(", ");
  return [
    `power, clock (also in sleep mode) and set up ${pools}, and open them to the NPU (RISAF)`,
    "make the store readable: map the flash, or read it through its driver",
    ...copies.map(
      ({ pool, destination, bytes, initialisers, ms }) =>
        `copy ${count(bytes)} bytes (${initialisers.length} buffers) to ${hex(destination)} in ${pool}: ${ms.toFixed(2)} ms`,
    ),
    "clean the CPU's data cache over what was written: the NPU does not see it",
    "check the CRC of each copy, then unmap the flash: it is free for anything else",
    "initialise the network",
  ];
}

export interface PayBack {
  readonly savedMs: number;
  /** How many inferences must run before the copy has paid; null when it never does. */
  readonly inferences: number | null;
}

/** Returns when a copy pays: it takes `installMs` once and turns inferences of `beforeMs` into ones of `afterMs`. */
export function payBack(
  installMs: number,
  { beforeMs, afterMs }: { beforeMs: number; afterMs: number },
): PayBack {
  const savedMs = beforeMs - afterMs;
  return { savedMs, inferences: savedMs > 0 ? Math.ceil(installMs / savedMs) : null };
}
