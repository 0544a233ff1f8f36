import type { AnalyzeOptions } from "../lib/analyze/predict.js";
import type { PortType } from "../lib/targets/neural-art/epochs/edges.js";
import type { ClockMode } from "../lib/targets/neural-art/facts.js";
import type { Profile, ToolVersion } from "../lib/targets/neural-art/records.js";
import { readPoolText } from "./read-pool-text.js";

/** What the options of options.ts leave behind; commands take those that they declare. */
export interface StudyFlags {
  readonly target?: string;
  readonly tool?: ToolVersion;
  readonly clock?: ClockMode;
  readonly epochController?: "on" | "off";
  readonly profile?: Profile;
  readonly inputType?: PortType;
  readonly outputType?: PortType;
  readonly mpool?: string;
  readonly input?: ReadonlyMap<string, readonly number[]>;
}

/** Returns what was asked for and nothing else, so that defaults stay where they belong. Reads the pool file. */
export function studyOptions(flags: StudyFlags): AnalyzeOptions {
  const { target, tool, clock, epochController, profile, inputType, outputType, mpool, input } = flags;
  const ports = {
    ...(inputType && { inputs: inputType }),
    ...(outputType && { outputs: outputType }),
  };
  return {
    ...(target && { board: target }),
    ...(tool && { tool }),
    ...(clock && { clock }),
    ...(epochController && { epochController: epochController === "on" }),
    ...(profile && { profile }),
    ...((inputType || outputType) && { ports }),
    ...(mpool !== undefined && { mpool: { name: mpool, text: readPoolText(mpool) } }),
    ...(input && { inputShapes: input }),
  };
}
