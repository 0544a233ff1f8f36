/** The options that a prediction needs to stand beside a report, read out of the report. */
import { LabError } from "../errors.js";
import { BOARDS, type Board } from "../targets/neural-art/boards.js";
import type { ClockMode } from "../targets/neural-art/facts.js";
import { inActivationOrder, type MemoryPool } from "../targets/neural-art/pools.js";
import { TOOL_VERSIONS, type ToolVersion } from "../targets/neural-art/records.js";
import { bytes } from "../units.js";
import {
  compilerOptions,
  profileOf,
  toolRelease,
  usesController,
  type VendorAccount,
} from "./compare-reported.js";
import type { AnalyzeOptions } from "./predict.js";

export interface ReportedSetting {
  readonly options: AnalyzeOptions;
  /** What was taken from where, or assumed, in sentences. */
  readonly notes: readonly string[];
}

interface Window {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

function windowsOf({ report, cInfo }: VendorAccount): readonly Window[] {
  if (report?.memory) {
    return report.memory.pools.map(({ name, address, size }) => ({ name, address, size: size.bytes }));
  }
  return (cInfo?.pools ?? []).flatMap(({ name, address, sizeBytes, subpools }) =>
    address === null || sizeBytes === null || subpools.length > 0 ? [] : [{ name, address, size: sizeBytes }],
  );
}

/** The kit has PSRAM; the Nucleo board has none. */
function boardOf(windows: readonly Window[]): Board {
  const psram = windows.some(({ name, size }) => name === "hyperRAM" && size > 0);
  return psram || windows.length === 0 ? BOARDS["stm32n6570-dk"] : BOARDS["nucleo-n657x0-q"];
}

/** Returns the pools with the places and sizes that a report states; widths and ratios are those of the board. */
function poolsOf(windows: readonly Window[]): {
  readonly pools: readonly MemoryPool[];
  readonly unknown: readonly string[];
} {
  const known = new Map(BOARDS["stm32n6570-dk"].pools.map((pool) => [pool.name, pool]));
  const pools = windows.flatMap(({ name, address, size }) => {
    const pool = known.get(name);
    return pool ? [{ ...pool, address, sizeBytes: bytes(size), source: "the report" }] : [];
  });
  return {
    pools: inActivationOrder(pools),
    unknown: windows.filter(({ name }) => !known.has(name)).map(({ name }) => name),
  };
}

function toolOf(account: VendorAccount, chosen: ToolVersion | undefined): ToolVersion {
  if (chosen) return chosen;
  const release = toolRelease(account);
  const tool = TOOL_VERSIONS.find((version) => version === release);
  if (tool) return tool;
  throw new LabError({
    code: "TOOL_VERSION",
    message: `Cannot predict for the tool of this report: it is ${release ?? "not named"}, expected one of ${TOOL_VERSIONS.join(", ")}`,
    hint: "choose the nearest one with --tool",
  });
}

function clockOf({ report }: VendorAccount): ClockMode | null {
  const npu = report?.validation?.clocks.npu;
  if (npu === undefined) return null;
  return npu >= 1e9 ? "overdrive" : "normal";
}

/**
 * Returns the options of an analysis that follow a report: version of the tool, epoch controller, profile,
 * memory pools, clocks, types of inputs and outputs. `chosen` options win. Throws a LabError for a network that
 * was compiled for no NPU, and for a version that is not known.
 */
export function settingOf(account: VendorAccount, chosen: AnalyzeOptions = {}): ReportedSetting {
  const options = compilerOptions(account);
  if (options === null && account.report?.kind !== "validate" && account.cInfo?.kind !== "validated") {
    throw new LabError({
      code: "NO_NPU",
      message: `Cannot compare a prediction with '${account.report?.title ?? account.cInfo?.title}': it is of a network for the CPU alone, expected one for the NPU`,
      hint: "compare two such reports with each other instead",
    });
  }
  const windows = windowsOf(account);
  const { pools, unknown } = poolsOf(windows);
  const clock = clockOf(account);
  const commandLine = account.report?.options ?? account.cInfo?.tools[0]?.options ?? [];
  const floats = (option: string) =>
    commandLine.some(({ name, value }) => name === option && value?.startsWith("float"));
  const controller = usesController(options);
  const setting: AnalyzeOptions = {
    board: boardOf(windows).id,
    epochController: controller ?? false,
    profile: profileOf(options) ?? "O3",
    ...(clock ? { clock } : {}),
    ...(pools.length > 0 && !chosen.mpool ? { pools } : {}),
    ports: {
      ...(floats("--input-data-type") ? { inputs: "stored" as const } : {}),
      ...(floats("--output-data-type") ? { outputs: "stored" as const } : {}),
    },
    ...chosen,
    tool: toolOf(account, chosen.tool),
  };
  const notes = [
    ...(options === null
      ? ["The file does not hold the compiler's options: epoch controller off and profile O3 are assumed."]
      : []),
    ...(unknown.length > 0
      ? [`Memory pools that are not of the board are left out of the prediction: ${unknown.join(", ")}.`]
      : []),
  ];
  return { options: setting, notes };
}
