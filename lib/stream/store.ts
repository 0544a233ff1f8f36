/** Memories that weights stream from: their rate, and those that the project has figures for. */
import { LabError } from "../errors.js";
import type { Fact } from "../targets/rule.js";
import { type Bytes, hertz, type Milliseconds, milliseconds } from "../units.js";
import type { Store } from "./record.js";

const BITS_PER_BYTE = 8;
const MS_PER_SECOND = 1000;

/**
 * Returns the bytes that a store delivers per millisecond once a read has begun.
 *
 * Example: 80,166,666 Hz on 4 lines, one edge, all of the time: 40,083 B/ms. Throws a LabError when a figure of
 * the store cannot be.
 */
export function bytesPerMs({ name, clock, lines, edges, efficiency }: Store): number {
  const refuse = (what: string, value: number, expected: string) => {
    throw new LabError({
      code: "STORE",
      message: `Cannot stream from '${name}': its ${what} is ${value}, expected ${expected}`,
    });
  };
  if (!(clock.value > 0)) refuse("clock", clock.value, "more than 0 Hz");
  if (!(lines.value > 0)) refuse("width", lines.value, "at least one line");
  if (!(efficiency.value > 0 && efficiency.value <= 1))
    refuse("efficiency", efficiency.value, "more than 0, at most 1");
  return (clock.value * lines.value * edges.value * efficiency.value) / BITS_PER_BYTE / MS_PER_SECOND;
}

/** Returns how long one read takes; nothing to read takes no time. */
export function readMs(store: Store, size: Bytes): Milliseconds {
  return milliseconds(size === 0 ? 0 : store.setupMs.value + size / bytesPerMs(store));
}

const FORUM =
  "MaixPy forum, 'MaixPy Run Big Size Flash model': the log prints `SPI freq 80166666 Hz`; PSRAM 133M, OPI PSRAM 133M*2";
const LIBRARY = "kpu library of MaixPy: kpu_w25qxx_enable_quad_mode, kpu_flash_read_block";

function documented<T>(value: T, source: string): Fact<T> {
  return { value, evidence: "documented", source };
}

const NO_SETUP: Fact = {
  value: 0,
  evidence: "inferred",
  source: "single buffer of the same log: 66 ms for 2,645,840 B leave nothing for set-up",
};
/** The bus carries data all the time: what the single-buffered row of the log shows of the flash. */
const WHOLE_BUS: Fact = {
  value: 1,
  evidence: "fitted",
  source:
    "106 ms less 40 ms of the log for the 2,645,840 B of MobileNetV1 0.75 as a kmodel: 1.000 of 40.08 MB/s",
};
const AS_FLASH: Fact = {
  value: 1,
  evidence: "inferred",
  source: "taken from the flash of the same board; no read of the PSRAM was timed",
};

/** The stores that the forum's figures name. */
export const MAIX_STORES = {
  flash: {
    name: "QSPI flash, 80 MHz",
    clock: { value: hertz(80_166_666), evidence: "measured", source: FORUM },
    lines: documented(4, LIBRARY),
    edges: documented(1, LIBRARY),
    efficiency: WHOLE_BUS,
    setupMs: NO_SETUP,
  },
  qspiPsram: {
    name: "QSPI PSRAM, 133 MHz",
    clock: documented(hertz(133e6), FORUM),
    lines: documented(4, FORUM),
    edges: { value: 1, evidence: "inferred", source: "the text says 133M here, 133M*2 of the octal one" },
    efficiency: AS_FLASH,
    setupMs: NO_SETUP,
  },
  opiPsram: {
    name: "OPI PSRAM, 133 MHz",
    clock: documented(hertz(133e6), FORUM),
    lines: documented(8, FORUM),
    edges: {
      value: 1,
      evidence: "inferred",
      source: "133M*2 read as twice the lines of the QSPI one, not twice the edges as well",
    },
    efficiency: AS_FLASH,
    setupMs: NO_SETUP,
  },
} as const satisfies Readonly<Record<string, Store>>;
