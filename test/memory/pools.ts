import type { Pool } from "../../lib/memory/problem.js";
import { bytes } from "../../lib/units.js";

/** A small chip: two banks side by side, a third one behind a hole, flash, and perhaps external RAM. */
export function tinyPools({ external = 0, flash = 1000 } = {}): readonly Pool[] {
  const ram = { rights: "write", external: false, constantsPreferred: false } as const;
  return [
    { ...ram, name: "fast2", address: 0x1040, sizeBytes: bytes(64) },
    { ...ram, name: "fast1", address: 0x1000, sizeBytes: bytes(64) },
    { ...ram, name: "slow", address: 0x2000, sizeBytes: bytes(128) },
    {
      name: "psram",
      address: 0x9000,
      sizeBytes: bytes(external),
      rights: "write",
      external: true,
      constantsPreferred: true,
    },
    {
      name: "flash",
      address: 0x7000,
      sizeBytes: bytes(flash),
      rights: "read",
      external: true,
      constantsPreferred: true,
    },
  ];
}
