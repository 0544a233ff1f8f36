import { Command, Option } from "commander";
import { LabError } from "../lib/errors.js";
import { bytes } from "../lib/units.js";
import { fail } from "./fail.js";
import {
  clockOption,
  controllerOption,
  inputOption,
  profileOption,
  targetOption,
  toolOption,
} from "./options.js";
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Flags extends StudyFlags {
  readonly room?: number;
  readonly json?: boolean;
  readonly html?: string;
}

const KIB = 1024;

/** Reads KiB; throws a LabError on what is no number of them. */
function parseRoom(text: string): number {
  const kib = Number(text);
  if (text.trim() !== "" && Number.isFinite(kib) && kib >= 0) return kib;
  throw new LabError({
    code: "OPTION",
    message: `Cannot read --room '${text}': expected KiB, zero or more`,
    hint: "for example --room 512",
  });
}

export function movesCommand(): Command {
  return new Command("moves")
    .description("say which weights to move from flash into internal RAM first, and what it gains")
    .argument("<file>", "a .tflite or .onnx file")
    .addOption(targetOption())
    .addOption(toolOption())
    .addOption(clockOption())
    .addOption(controllerOption())
    .addOption(profileOption())
    .addOption(inputOption())
    .addOption(
      new Option("--room <KiB>", "internal RAM to use; what activations leave free").argParser(parseRoom),
    )
    .option("--json", "print one JSON object, schema npulab/moves@1")
    .option("--html <out>", "write a self-contained HTML report")
    .action(async (file: string, flags: Flags) => {
      try {
        const { movesOf } = await import("../lib/analyze/moves.js");
        const { predict } = await import("../lib/analyze/predict.js");
        const { load } = await import("../lib/node/load.js");
        const { movesReport, movesSentences } = await import("../lib/report/moves-report.js");
        const { model } = load(file);
        const room = flags.room === undefined ? {} : { roomBytes: bytes(Math.floor(flags.room * KIB)) };
        const analysis = movesOf(model.name, predict(model, studyOptions(flags)), room);
        if (flags.html !== undefined) {
          const { writeBlocks } = await import("./write-page.js");
          writeBlocks(flags.html, movesReport(analysis), { title: `Moves of ${analysis.model}` });
          process.stderr.write(`npulab: report written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(analysis, null, 2)}\n`);
        else if (flags.html === undefined) {
          const { movesTable, placesTable } = await import("../lib/table/moves.js");
          const { tableToText } = await import("../lib/table/show.js");
          const text = [
            ...movesSentences(analysis),
            tableToText(placesTable(analysis), { caption: "Where the constants are" }),
            tableToText(movesTable(analysis), { caption: "What to move, best per byte first", limit: 40 }),
            `Times: ${analysis.level}.`,
          ];
          process.stdout.write(`${text.join("\n\n")}\n`);
        }
      } catch (error) {
        fail(error);
      }
    });
}
