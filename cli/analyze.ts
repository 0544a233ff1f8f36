import { Command } from "commander";
import { fail } from "./fail.js";
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
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Flags extends StudyFlags {
  readonly json?: boolean;
  readonly html?: string;
}

export function analyzeCommand(): Command {
  return new Command("analyze")
    .description("predict ROM, epochs, memory and latency of a model file on a target")
    .argument("<file>", "a .tflite or .onnx file")
    .addOption(targetOption(["k210"]))
    .addOption(toolOption())
    .addOption(clockOption())
    .addOption(controllerOption())
    .addOption(profileOption())
    .option("--mpool <file>", "memory pools to use in place of the board's stock pools")
    .addOption(inputTypeOption())
    .addOption(outputTypeOption())
    .addOption(inputOption())
    .option("--json", "print one JSON object, schema npulab/analysis@1 (npulab/k210@1)")
    .option("--html <out>", "write a self-contained HTML report")
    .action(async (file: string, flags: Flags) => {
      try {
        if (flags.target === "k210") {
          const { printK210 } = await import("./k210.js");
          printK210(file, flags);
          return;
        }
        // Imported when needed: `npulab --help` should not wait for tables, charts and decoders.
        const { analyze } = await import("../lib/analyze/study.js");
        const { load } = await import("../lib/node/load.js");
        const analysis = analyze(load(file), studyOptions(flags));
        if (flags.html !== undefined) {
          const { writePage } = await import("./write-page.js");
          writePage(flags.html, analysis);
          process.stderr.write(`npulab: report written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(analysis, null, 2)}\n`);
        else if (flags.html === undefined) {
          const { analysisText } = await import("./analysis-text.js");
          process.stdout.write(`${analysisText(analysis)}\n`);
        }
      } catch (error) {
        fail(error);
      }
    });
}
