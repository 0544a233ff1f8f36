import { Command, Option } from "commander";
import type { Comparison } from "../lib/analyze/compare-record.js";
import { PROFILES, TOOL_VERSIONS } from "../lib/targets/neural-art/records.js";
import { fail } from "./fail.js";
import { inputOption, inputTypeOption, outputTypeOption } from "./options.js";
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Flags extends StudyFlags {
  readonly cInfo?: string;
  readonly json?: boolean;
  readonly html?: string;
}

async function compare(first: string, second: string, flags: Flags): Promise<Comparison> {
  const { isVendorFile, openAccount } = await import("../lib/node/vendor-account.js");
  const { compareAccounts, comparePrediction } = await import("../lib/analyze/compare.js");
  const right = openAccount(second, flags.cInfo);
  if (isVendorFile(first)) {
    const left = openAccount(first);
    return compareAccounts(left.account, right.account, [...left.notes, ...right.notes]);
  }
  const { settingOf } = await import("../lib/analyze/compare-setting.js");
  const { study } = await import("../lib/analyze/study.js");
  const { load } = await import("../lib/node/load.js");
  // What was not asked for follows the report.
  const setting = settingOf(right.account, studyOptions(flags));
  const predicted = study(load(first), setting.options);
  return comparePrediction(predicted, right.account, [...right.notes, ...setting.notes]);
}

export function compareCommand(): Command {
  return new Command("compare")
    .description(
      "hold a prediction against the vendor's report, or two of the vendor's reports against each other",
    )
    .argument("<model>", "a .tflite or .onnx file, or a report to compare with the other")
    .argument("<report>", "a generate, analyze or validate report, or network_c_info.json")
    .option(
      "--c-info <file>",
      "network_c_info.json of the report; without it the one beside the report is taken",
    )
    .addOption(
      new Option("--target <board>", "board, where the report's memory pools do not tell").choices([
        "stm32n6570-dk",
        "nucleo-n657x0-q",
      ]),
    )
    .addOption(
      new Option("--tool <version>", "predict for another version than the report's").choices(TOOL_VERSIONS),
    )
    .addOption(new Option("--clock <mode>", "clock mode").choices(["overdrive", "normal"]))
    .addOption(
      new Option("--epoch-controller <state>", "instead of what the report says").choices(["on", "off"]),
    )
    .addOption(new Option("--profile <name>", "instead of what the report says").choices(PROFILES))
    .option("--mpool <file>", "memory pools to use in place of the report's")
    .addOption(inputTypeOption())
    .addOption(outputTypeOption())
    .addOption(inputOption())
    .option("--json", "print one JSON object, schema npulab/comparison@1")
    .option("--html <out>", "write a self-contained HTML page")
    .action(async (first: string, second: string, flags: Flags) => {
      try {
        const comparison = await compare(first, second, flags);
        if (flags.html !== undefined) {
          const { writeBlocks } = await import("./write-page.js");
          const { compareReport } = await import("../lib/report/compare-report.js");
          writeBlocks(flags.html, compareReport(comparison), { title: `${comparison.network}, compared` });
          process.stderr.write(`npulab: comparison written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`);
        else if (flags.html === undefined) {
          const { comparisonText } = await import("./compare-text.js");
          process.stdout.write(`${comparisonText(comparison)}\n`);
        }
      } catch (error) {
        fail(error);
      }
    });
}
