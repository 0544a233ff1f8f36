import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Command } from "commander";
import { renderNotebookHtml } from "../kernel/html/render.js";
import { type AnalyzeOptions, analyze } from "../lib/analyze/study.js";
import { LabError } from "../lib/errors.js";
import { load } from "../lib/node/load.js";
import { analysisReport } from "../lib/report/analysis-report.js";
import type { PortType } from "../lib/targets/neural-art/epochs/edges.js";
import type { ClockMode } from "../lib/targets/neural-art/facts.js";
import type { Profile, ToolVersion } from "../lib/targets/neural-art/records.js";
import { analysisText } from "./analysis-text.js";
import { fail } from "./fail.js";
import { notebookOf } from "./notebook-of.js";
import {
  clockOption,
  controllerOption,
  inputOption,
  inputTypeOption,
  outputTypeOption,
  profileOption,
  targetOption,
  toolOption,
} from "./options.js";

interface Flags {
  readonly target: string;
  readonly tool: ToolVersion;
  readonly clock: ClockMode;
  readonly epochController: "on" | "off";
  readonly profile: Profile;
  readonly inputType?: PortType;
  readonly outputType?: PortType;
  readonly mpool?: string;
  readonly input?: ReadonlyMap<string, readonly number[]>;
  readonly json?: boolean;
  readonly html?: string;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LabError({
      code: "FILE",
      message: `Cannot read '${path}': ${(cause as Error).message}`,
      hint: "give the path of a .mpool file",
      cause,
    });
  }
}

function optionsOf(flags: Flags): AnalyzeOptions {
  return {
    board: flags.target,
    tool: flags.tool,
    clock: flags.clock,
    epochController: flags.epochController === "on",
    profile: flags.profile,
    ports: {
      ...(flags.inputType ? { inputs: flags.inputType } : {}),
      ...(flags.outputType ? { outputs: flags.outputType } : {}),
    },
    ...(flags.mpool === undefined ? {} : { mpool: { name: flags.mpool, text: readText(flags.mpool) } }),
    ...(flags.input ? { inputShapes: flags.input } : {}),
  };
}

export function analyzeCommand(): Command {
  return new Command("analyze")
    .description("predict ROM, epochs, memory and latency of a model file on a target")
    .argument("<file>", "a .tflite or .onnx file")
    .addOption(targetOption())
    .addOption(toolOption())
    .addOption(clockOption())
    .addOption(controllerOption())
    .addOption(profileOption())
    .option("--mpool <file>", "memory pools to use in place of the board's stock pools")
    .addOption(inputTypeOption())
    .addOption(outputTypeOption())
    .addOption(inputOption())
    .option("--json", "print one JSON object, schema npulab/analysis@1")
    .option("--html <out>", "write a self-contained HTML report")
    .action((file: string, flags: Flags) => {
      try {
        const analysis = analyze(load(file), optionsOf(flags));
        if (flags.html !== undefined) {
          const title = `${basename(file)} on ${analysis.target.board}`;
          writeFileSync(flags.html, renderNotebookHtml(notebookOf(analysisReport(analysis)), { title }));
          process.stderr.write(`npulab: report written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(analysis, null, 2)}\n`);
        else if (flags.html === undefined) process.stdout.write(`${analysisText(analysis)}\n`);
      } catch (error) {
        fail(error);
      }
    });
}
