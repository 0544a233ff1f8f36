/** Memories of chips beside STM32N6, to plan with: numbers, each with its source. STM32N6's are in its target. */
import { bytes } from "../units.js";
import type { Pool } from "./problem.js";

export interface StockPool extends Pool {
  readonly source: string;
}

export const STOCK_CHIPS = ["k210", "stm32h745i-disco"] as const;
export type StockChip = (typeof STOCK_CHIPS)[number];

const KIB = 1024;
const MIB = 1024 * KIB;

type Fields = Pick<StockPool, "name" | "address" | "source"> & { readonly size: number } & Partial<
    Pick<StockPool, "rights" | "external" | "constantsPreferred">
  >;

function pool({ name, address, size, source, ...others }: Fields): StockPool {
  const ram = { rights: "write", external: false, constantsPreferred: false } as const;
  return { ...ram, ...others, name, address, sizeBytes: bytes(size), source };
}

const K210 = "k210-sdk-stuff, doc/kpu.md; Kendryte K210 datasheet, memory map";
const RM0399 = "RM0399, memory map of STM32H745";
const UM2488 = "UM2488, STM32H745I-DISCO";

/**
 * In the order in which activations should use them. K210: kmodels are read from SPI flash into SRAM, which no bus
 * master sees mapped, so that flash is no pool. STM32H745: the flash bank 2 and the QSPI flash hold constants; what
 * the firmware takes of bank 1, AXI SRAM and DTCM is the application's to subtract.
 */
export const STOCK_POOLS: Readonly<Record<StockChip, readonly StockPool[]>> = {
  k210: [
    pool({ name: "kpuRAM", address: 0x40600000, size: 2 * MIB, source: `${K210}: AI memory, not cached` }),
    pool({ name: "SRAM", address: 0x80000000, size: 6 * MIB, source: `${K210}: general memory, cached` }),
  ],
  "stm32h745i-disco": [
    pool({ name: "DTCM", address: 0x20000000, size: 128 * KIB, source: RM0399 }),
    pool({ name: "AXISRAM", address: 0x24000000, size: 512 * KIB, source: RM0399 }),
    pool({ name: "SRAM123", address: 0x30000000, size: 288 * KIB, source: `${RM0399}: 128 + 128 + 32 KB` }),
    pool({ name: "SRAM4", address: 0x38000000, size: 64 * KIB, source: RM0399 }),
    pool({ name: "SDRAM", address: 0xd0000000, size: 16 * MIB, external: true, source: UM2488 }),
    pool({
      ...{ name: "flash2", address: 0x08100000, size: MIB, source: `${RM0399}: second bank` },
      ...{ rights: "read", constantsPreferred: true },
    }),
    pool({
      ...{ name: "QSPI", address: 0x90000000, size: 128 * MIB, source: `${UM2488}: 2 x 512 Mbit, mapped` },
      ...{ rights: "read", external: true, constantsPreferred: true },
    }),
  ],
};
