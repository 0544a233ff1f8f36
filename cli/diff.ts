import { Command } from "commander";
import type { Difference } from "../lib/analyze/diff.js";
import { LabError } from "../lib/errors.js";

/** As `diff` and `cmp` do: 0 the same, 1 different, 2 could not be told. */
const EXIT = { same: 0, different: 1, trouble: 2 } as const;

export function diffCommand(): Command {
  return new Command("diff")
    .description("say what differs between two models: structure, shapes, quantisation, weights")
    .argument("<a>", "a .tflite or .onnx file")
    .argument("<b>", "another one, of either format")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExit status: 0 the same, 1 different, 2 trouble.")
    .action(async (a: string, b: string, options: { readonly json?: boolean }) => {
      try {
        const { diffModels } = await import("../lib/analyze/diff.js");
        const { load } = await import("../lib/node/load.js");
        const [left, right] = [load(a), load(b)];
        const differences = diffModels(left.model, right.model);
        const text = options.json
          ? JSON.stringify({ schema: "npulab/diff@1", a, b, differences }, null, 2)
          : differencesText(differences);
        process.stdout.write(`${text}\n`);
        process.exitCode = differences.length === 0 ? EXIT.same : EXIT.different;
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        process.stderr.write(`npulab: ${error.describe()}\n`);
        process.exitCode = EXIT.trouble;
      }
    });
}

/** Exporters join the names of all that went into an operator; the end tells them apart. */
const LONGEST_NAME = 60;

function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME)}`;
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

function differencesText(differences: readonly Difference[]): string {
  if (differences.length === 0) return "the same network";
  return differences
    .map(({ change, kind, at, what, a, b }) => {
      const sides = [a, b].filter((side) => side !== null).join(change === "changed" ? " | " : "");
      return `${SIGNS[change]} ${kind.padEnd(12)} ${what}  '${shortened(at)}'  ${sides}`;
    })
    .concat(`${differences.length} differences`)
    .join("\n");
}
