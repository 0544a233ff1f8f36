#!/usr/bin/env node
/** `npulab`: inspect, analyse and pack model files, run notebooks, install the notebook kernel. */
import { createRequire } from "node:module";
import { Command } from "commander";
import { analyzeCommand } from "./analyze.js";
import { calibrationCommand } from "./calibration.js";
import { cliffsCommand } from "./cliffs.js";
import { compareCommand } from "./compare.js";
import { convertCommand } from "./convert.js";
import { diffCommand } from "./diff.js";
import { fail } from "./fail.js";
import { imageCommand } from "./image.js";
import { inspectCommand } from "./inspect.js";
import { kernelCommand } from "./kernel.js";
import { movesCommand } from "./moves.js";
import { offloadCommand } from "./offload.js";
import { packCommand } from "./pack.js";
import { planCommand } from "./plan.js";
import { runCommand } from "./run.js";

const { version } = createRequire(import.meta.url)("npulab/package.json") as { version: string };

const program = new Command("npulab")
  .description(
    "A lab for quantised neural networks on microcontroller NPUs: ROM, fallback, memory, latency, each number with its reasons.",
  )
  .version(version)
  .showHelpAfterError("(add --help for the options)")
  .addCommand(inspectCommand())
  .addCommand(analyzeCommand())
  .addCommand(packCommand())
  .addCommand(planCommand())
  .addCommand(imageCommand())
  .addCommand(cliffsCommand())
  .addCommand(movesCommand())
  .addCommand(offloadCommand())
  .addCommand(compareCommand())
  .addCommand(convertCommand())
  .addCommand(diffCommand())
  .addCommand(calibrationCommand())
  .addCommand(runCommand())
  .addCommand(kernelCommand());

program.parseAsync().catch(fail);
