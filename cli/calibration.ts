import { Command } from "commander";
import { fail } from "./fail.js";

interface Flags {
  readonly json?: boolean;
  readonly html?: string;
}

export function calibrationCommand(): Command {
  return new Command("calibration")
    .description("show how far predicted latencies have been from published board figures")
    .option("--json", "print one JSON object: every figure, every model's errors")
    .option("--html <out>", "write a self-contained HTML page")
    .action(async (flags: Flags) => {
      try {
        const { latencyCalibration } = await import("../lib/node/latency-errors.js");
        const calibration = latencyCalibration();
        if (flags.html !== undefined) {
          const { writeBlocks } = await import("./write-page.js");
          const { calibrationReport } = await import("../lib/report/calibration.js");
          writeBlocks(flags.html, calibrationReport(calibration), { title: "Calibration of latency" });
          process.stderr.write(`npulab: calibration page written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(calibration, null, 2)}\n`);
        else if (flags.html === undefined) {
          const { calibrationText } = await import("./calibration-text.js");
          process.stdout.write(`${calibrationText(calibration)}\n`);
        }
      } catch (error) {
        fail(error);
      }
    });
}
