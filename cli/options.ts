/** Command-line words into options; each refuses what it does not know and says what it does. */
import { type Command, Option } from "commander";
import { LabError } from "../lib/errors.js";
import { PROFILES, TOOL_VERSIONS } from "../lib/targets/neural-art/records.js";

/** Collects `--input name=1x3x224x224`; throws a LabError on any other form. */
export function collectInputShape(
  text: string,
  previous: ReadonlyMap<string, readonly number[]> = new Map(),
): ReadonlyMap<string, readonly number[]> {
  const split = text.lastIndexOf("=");
  const name = text.slice(0, split);
  const dims = text
    .slice(split + 1)
    .split("x")
    .map(Number);
  if (split < 1 || dims.some((dim) => !Number.isSafeInteger(dim) || dim < 1)) {
    throw new LabError({
      code: "OPTION",
      message: `Cannot read --input '${text}': expected NAME=SHAPE with whole numbers from 1`,
      hint: "for example --input images=1x3x224x224",
    });
  }
  return new Map([...previous, [name, dims]]);
}

export const inputOption = () =>
  new Option(
    "--input <name=shape>",
    "fix the shape of an input, e.g. images=1x3x224x224 (repeatable)",
  ).argParser(collectInputShape);

/** Reads an address as `0x71000000` or in decimal; throws a LabError on any other form. */
export function parseAddress(text: string): number {
  const address = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(address) && address < 2 ** 32) return address;
  throw new LabError({
    code: "OPTION",
    message: `Cannot read --base '${text}': expected an address of 32 bits`,
    hint: "for example --base 0x71000000",
  });
}

export const targetOption = (others: readonly string[] = []) =>
  new Option("--target <board>", "board to analyse for")
    .choices(["stm32n6570-dk", "nucleo-n657x0-q", ...others])
    .default("stm32n6570-dk");

export const toolOption = () =>
  new Option("--tool <version>", "version of the vendor's tool to predict")
    .choices(TOOL_VERSIONS)
    .default("2.1");

export const clockOption = () =>
  new Option("--clock <mode>", "clock mode").choices(["overdrive", "normal"]).default("overdrive");

export const controllerOption = () =>
  new Option("--epoch-controller <state>", "play hardware epochs as blobs")
    .choices(["on", "off"])
    .default("on");

const portHelp = "stored: as in the file; integer: without the conversion from or to float";

export const inputTypeOption = () =>
  new Option("--input-type <type>", `what the application hands over (${portHelp})`).choices([
    "stored",
    "integer",
  ]);

export const outputTypeOption = () =>
  new Option("--output-type <type>", `what the application takes (${portHelp})`).choices([
    "stored",
    "integer",
  ]);

export const profileOption = () =>
  new Option("--profile <name>", "the vendor's optimisation profile; it matters from tool 3.0 on")
    .choices(PROFILES)
    .default("O3");

/** Adds what a flash image depends on: board, tool, controller, profile, pools, ports and shapes. */
export const withImageOptions = (command: Command): Command =>
  command
    .addOption(targetOption())
    .addOption(toolOption())
    .addOption(controllerOption())
    .addOption(profileOption())
    .option("--mpool <file>", "memory pools to use in place of the board's stock pools")
    .addOption(inputTypeOption())
    .addOption(outputTypeOption())
    .addOption(inputOption());
