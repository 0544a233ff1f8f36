import { Command } from "commander";
import type { Json } from "../kernel/notebook.js";
import type { Parameters } from "../kernel/parameters.js";
import { LabError } from "../lib/errors.js";
import { fail } from "./fail.js";

interface RunOptions {
  readonly param?: Parameters;
  readonly html?: string;
  readonly ipynb?: string;
  readonly timeout?: number;
  readonly allowErrors?: boolean;
}

/** A value is JSON where it parses as JSON, and text otherwise: `--param resolution=128 --param name=demo`. */
function collectParameter(text: string, previous: Parameters = {}): Parameters {
  const split = text.indexOf("=");
  if (split < 1) {
    throw new LabError({ code: "OPTION", message: `Cannot read --param '${text}': expected NAME=VALUE` });
  }
  const raw = text.slice(split + 1);
  let value: Json = raw;
  try {
    value = JSON.parse(raw) as Json;
  } catch {
    // Plain text.
  }
  return { ...previous, [text.slice(0, split)]: value };
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new LabError({
    code: "OPTION",
    message: `Cannot read --timeout '${text}': expected seconds above zero`,
  });
}

export function runCommand(): Command {
  return new Command("run")
    .description("run a notebook in a fresh kernel, without Jupyter")
    .argument("<notebook>", "an .ipynb file")
    .option(
      "--param <name=value>",
      "set a name of the cell tagged 'parameters' (repeatable)",
      collectParameter,
    )
    .option("--html <out>", "write the page")
    .option("--ipynb <out>", "write the executed notebook")
    .option("--timeout <seconds>", "interrupt a cell that runs longer", seconds)
    .option("--allow-errors", "go on after a cell has failed")
    .action(async (notebook: string, options: RunOptions) => {
      try {
        const { execute } = await import("./execute.js");
        const failures = await execute({
          path: notebook,
          parameters: options.param ?? {},
          html: options.html ?? null,
          ipynb: options.ipynb ?? null,
          ...(options.timeout === undefined ? {} : { timeoutSeconds: options.timeout }),
          allowErrors: options.allowErrors ?? false,
        });
        process.exitCode = failures.length > 0 && !options.allowErrors ? 1 : 0;
      } catch (error) {
        fail(error);
      }
    });
}
