/** Boards with STM32N6: which memories they carry. Clocks are a property of the firmware, see facts.ts. */
import { LabError } from "../../errors.js";
import {
  HYPER_RAM,
  INTERNAL_POOLS,
  inActivationOrder,
  type MemoryPool,
  OCTO_FLASH,
  OCTO_FLASH_BEHIND_FIRMWARE,
} from "./pools.js";

export const BOARD_IDS = ["stm32n6570-dk", "nucleo-n657x0-q"] as const;
export type BoardId = (typeof BOARD_IDS)[number];

export interface Board {
  readonly id: BoardId;
  /** As the vendor writes it. */
  readonly title: string;
  readonly chip: string;
  /** In the order in which activations use them. */
  readonly pools: readonly MemoryPool[];
  readonly source: string;
}

export const BOARDS: Readonly<Record<BoardId, Board>> = {
  "stm32n6570-dk": {
    id: "stm32n6570-dk",
    title: "STM32N6570-DK",
    chip: "STM32N657",
    pools: inActivationOrder([...INTERNAL_POOLS, HYPER_RAM, OCTO_FLASH]),
    source: "UM3300: 32 MB hyperRAM (XSPI1), 128 MB octo-SPI flash (XSPI2); stm32n6.mpool",
  },
  "nucleo-n657x0-q": {
    id: "nucleo-n657x0-q",
    title: "NUCLEO-N657X0-Q",
    chip: "STM32N657",
    pools: inActivationOrder([...INTERNAL_POOLS, OCTO_FLASH_BEHIND_FIRMWARE]),
    source: "UM3417: 64 MB octo-SPI flash (XSPI2), no external RAM; stm32n6-app2_NUCLEO-N657X0-Q.mpool",
  },
};

/** Returns the board of that name, in either spelling; throws a LabError that lists the known ones. */
export function boardOf(name: string): Board {
  const id = BOARD_IDS.find((known) => known === name.toLowerCase());
  if (id) return BOARDS[id];
  throw new LabError({
    code: "BOARD",
    message: `Cannot use board '${name}': it is not known, expected one of ${BOARD_IDS.join(", ")}`,
  });
}
