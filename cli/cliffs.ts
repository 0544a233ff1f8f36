import { Command, Option } from "commander";
import type { WalkProgress } from "../lib/analyze/cliffs.js";
import { LabError } from "../lib/errors.js";
import { TOOL_VERSIONS, type ToolVersion } from "../lib/targets/neural-art/records.js";
import { fail } from "./fail.js";
import { clockOption, controllerOption, profileOption, targetOption } from "./options.js";
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface Flags extends Omit<StudyFlags, "tool"> {
  readonly resolution?: Range;
  readonly width?: Range;
  readonly channels?: Range;
  readonly tool: readonly ToolVersion[];
  readonly json?: boolean;
  readonly html?: string;
}

/** As shells report a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Reads `96..256/16`: from, to, step. */
export function parseRange(text: string): Range {
  const match = /^([\d.]+)\.\.([\d.]+)\/([\d.]+)$/.exec(text);
  const [from, to, step] = (match ?? []).slice(1).map(Number);
  if (
    from === undefined ||
    to === undefined ||
    step === undefined ||
    ![from, to, step].every(Number.isFinite)
  ) {
    throw new LabError({
      code: "OPTION",
      message: `Cannot read the range '${text}': expected FROM..TO/STEP`,
      hint: "for example --resolution 96..256/16 or --width 0.25..1/0.05",
    });
  }
  return { from, to, step };
}

const rangeOption = (name: string, text: string) =>
  new Option(`--${name} <from..to/step>`, text).argParser(parseRange);

function axisOf({ resolution, width, channels }: Flags) {
  const given = Object.entries({ resolution, width, channels }).flatMap(([name, range]) =>
    range ? [{ name: name as "resolution" | "width" | "channels", ...range }] : [],
  );
  const [one] = given;
  if (one && given.length === 1) return one;
  throw new LabError({
    code: "OPTION",
    message: `Cannot walk over ${given.length === 0 ? "nothing" : given.map(({ name }) => name).join(" and ")}: expected one of --resolution, --width and --channels`,
  });
}

/** A line that says how far the walk is and how long it may still take; on a terminal it replaces itself. */
function progressReporter(): (progress: WalkProgress) => void {
  const start = performance.now();
  let shown = start;
  return ({ done, planned, value }) => {
    const now = performance.now();
    const live = process.stderr.isTTY;
    // Elsewhere a line now and then will do; a short walk needs none.
    if (!live && now - shown < 10_000) return;
    shown = now;
    const left = ((now - start) / done) * (planned - done);
    const line = `npulab: ${done} of ${planned} points, at ${value}, ${(left / 1000).toFixed(0)} s left`;
    process.stderr.write(live ? `\r\x1b[2K${line}` : `${line}\n`);
  };
}

/** Ends the walk at the first Ctrl-C and keeps what it has; the second ends the program. */
function interruptible(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  return { signal: controller.signal, release: () => process.removeListener("SIGINT", stop) };
}

export function cliffsCommand(): Command {
  return new Command("cliffs")
    .description(
      "find the resolutions or widths at which ROM, RAM, epochs or latency jump, and the rule behind",
    )
    .argument("<model>", "a .tflite or .onnx file, or built:<preset>")
    .addOption(rangeOption("resolution", "walk over the input's height in pixels"))
    .addOption(rangeOption("width", "walk over the factor on channels (presets)"))
    .addOption(rangeOption("channels", "walk over the channels of the first stage (presets)"))
    .addOption(targetOption())
    .addOption(
      new Option("--tool <versions...>", "versions of the vendor's tool to predict, one walk each")
        .choices(TOOL_VERSIONS)
        .default(["2.1"]),
    )
    .addOption(clockOption())
    .addOption(controllerOption())
    .addOption(profileOption())
    .option("--json", "print one JSON object, schema npulab/cliffs@1")
    .option("--html <out>", "write a self-contained HTML report")
    .action(async (path: string, flags: Flags) => {
      const interrupt = interruptible();
      try {
        const { findCliffs } = await import("../lib/analyze/cliffs.js");
        const { walkAxis } = await import("../lib/node/walk-axis.js");
        const axis = walkAxis(path, axisOf(flags));
        const { tool: tools, ...setting } = flags;
        const settings = tools.map((tool) => studyOptions({ ...setting, tool }));
        const { signal } = interrupt;
        const onProgress = progressReporter();
        const report = await findCliffs({ model: path, axis, settings, onProgress, signal });
        if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
        if (signal.aborted) {
          process.stderr.write("npulab: ended early; what follows is what was computed by then\n");
          process.exitCode = INTERRUPTED;
        }
        if (flags.html !== undefined) {
          const { writeBlocks } = await import("./write-page.js");
          const { cliffReport } = await import("../lib/report/cliff-report.js");
          writeBlocks(flags.html, cliffReport(report), { title: `Cliffs of ${path}` });
          process.stderr.write(`npulab: report written to ${flags.html}\n`);
        }
        if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
        else if (flags.html === undefined) {
          const { cliffsText } = await import("./cliffs-text.js");
          process.stdout.write(`${cliffsText(report)}\n`);
        }
      } catch (error) {
        fail(error);
      } finally {
        interrupt.release();
      }
    });
}
