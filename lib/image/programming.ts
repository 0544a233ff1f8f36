/** How an image gets onto a board: the command lines of the vendor's programmer, with the board's external loader. */
import { LabError } from "../errors.js";
import type { BoardId } from "../targets/neural-art/boards.js";
import type { Fact } from "../targets/rule.js";
import type { ImageManifest, ManifestPool } from "./manifest.js";

/** Drives the flash chip that is soldered to the board; part of STM32CubeProgrammer. */
export const EXTERNAL_LOADERS: Readonly<Record<BoardId, Fact<string>>> = {
  "stm32n6570-dk": {
    value: "MX66UW1G45G_STM32N6570-DK.stldr",
    evidence: "documented",
    source: "STM32N6-GettingStarted-ImageClassification v2.0.0, README: how to program hex files",
  },
  "nucleo-n657x0-q": {
    value: "MX25UM51245G_STM32N6570-NUCLEO.stldr",
    evidence: "documented",
    source: "STM32N6-GettingStarted-ImageClassification v2.0.0, README: how to program hex files",
  },
};

const PROGRAMMER = "STM32_Programmer_CLI";
const CONNECT = "-c port=SWD mode=HOTPLUG";

const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function flashLines({ name, address, bytes, files, seal }: ManifestPool): string[] {
  const end = seal ? seal.address + seal.bytes : address + bytes;
  const back = `read-back.${files.raw}`;
  return [
    `# ${name.replaceAll(/[\r\n]/g, " ")}: ${bytes} bytes from ${hex(address)}`,
    `${PROGRAMMER} ${CONNECT} -el "$LOADER" -hardRst -w ${quoted(files.hex)} -v`,
    "# read it back, and compare it buffer by buffer:",
    `${PROGRAMMER} ${CONNECT} -el "$LOADER" -hardRst -r ${hex(address)} ${hex(end - address)} ${quoted(back)}`,
    `npulab image verify ${quoted(back)} manifest.json --pool ${quoted(name)}`,
  ];
}

function ramLines({ name, address, bytes, files }: ManifestPool): string[] {
  return [
    `# ${name.replaceAll(/[\r\n]/g, " ")}: RAM, lost at each reset; ${bytes} bytes to ${hex(address)} by the firmware (npulab_weights.h), or, to try it out,`,
    "# from the debugger, stopped behind the set-up of the memories and before the network's init:",
    `#   (gdb) restore ${files.raw} binary ${hex(address)}`,
  ];
}

/** Returns a shell script that programs all images of a manifest. Throws a LabError for a board without a loader. */
export function programmingScript({ target, pools, store }: ImageManifest): string {
  const loader = EXTERNAL_LOADERS[target.board as BoardId];
  if (!loader) {
    throw new LabError({
      code: "BOARD",
      message: `Cannot say how to program '${target.board}': its external loader is not known, expected one of ${Object.keys(EXTERNAL_LOADERS).join(", ")}`,
    });
  }
  const flash = pools.filter(({ kind }) => kind === "flash");
  const ram = pools.filter(({ kind }) => kind === "ram");
  const kept =
    store === null
      ? []
      : [
          `# ${store.file}: ${store.bytes} bytes for RAM; keep them in flash at an address of your own, or link them:`,
          `#   ${PROGRAMMER} ${CONNECT} -el "$LOADER" -hardRst -w ${store.file} <address> -v`,
        ];
  const lines = [
    "#!/bin/sh",
    "# Programs the weights. Board in development boot mode; STM32CubeProgrammer's bin folder on the PATH.",
    "set -e",
    'cd "$(dirname "$0")"',
    `LOADER="\${LOADER:-$(dirname "$(command -v ${PROGRAMMER})")/ExternalLoader/${loader.value}}"`,
    "",
    ...flash.flatMap((pool) => [...flashLines(pool), ""]),
    ...ram.flatMap((pool) => [...ramLines(pool), ""]),
    ...kept,
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}
