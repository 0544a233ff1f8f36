import { Command } from "commander";
import { fail } from "./fail.js";
import { inputOption } from "./options.js";

interface InspectOptions {
  readonly input?: ReadonlyMap<string, readonly number[]>;
  readonly json?: boolean;
  readonly nodes?: boolean;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description("say what a model file holds: inputs, outputs, operators, constants, work")
    .argument("<file>", "a .tflite or .onnx file")
    .addOption(inputOption())
    .option("--nodes", "list every node with its shapes")
    .option("--json", "print one JSON object")
    .action(async (file: string, options: InspectOptions) => {
      try {
        const { inspect } = await import("../lib/analyze/inspect.js");
        const { load } = await import("../lib/node/load.js");
        const { inspectionText } = await import("./inspection-text.js");
        const loaded = load(file);
        const inspection = inspect(loaded, options.input ? { inputShapes: options.input } : {});
        const text = options.json
          ? JSON.stringify(inspection, null, 2)
          : inspectionText(inspection, { nodes: options.nodes ?? false });
        process.stdout.write(`${text}\n`);
      } catch (error) {
        fail(error);
      }
    });
}
