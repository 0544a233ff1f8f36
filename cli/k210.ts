import { analyzeK210, type K210Options, largestResolution } from "../lib/analyze/k210.js";
import { LabError } from "../lib/errors.js";
import { load } from "../lib/node/load.js";
import { k210Report, k210Sentences } from "../lib/report/k210-report.js";
import { tableToText } from "../lib/table/show.js";
import { k210LayersTable, k210ObstaclesTable, k210RunsTable } from "../lib/table/stream.js";
import { writeBlocks } from "./write-page.js";

interface Flags {
  readonly input?: ReadonlyMap<string, readonly number[]>;
  readonly json?: boolean;
  readonly html?: string;
}

/** Returns the largest side that fits, where the network has one image to vary; null where it has none. */
function largest(model: Parameters<typeof largestResolution>[0]["model"]) {
  try {
    return largestResolution({ model });
  } catch (error) {
    // Inputs that are no image, or shapes that the file fixes further down: there is nothing to vary.
    if (error instanceof LabError) return null;
    throw error;
  }
}

/** Prints a network on the K210, or writes it as JSON or as a page. */
export function printK210(file: string, { input, json, html }: Flags): void {
  const { model } = load(file);
  const options: K210Options = input ? { inputShapes: input } : {};
  const analysis = analyzeK210(model, options);
  const resolution = analysis.fits ? null : largest(model);
  if (html !== undefined) {
    writeBlocks(html, k210Report(analysis, resolution), { title: `${analysis.model} on the K210` });
    process.stderr.write(`npulab: report written to ${html}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ ...analysis, largest: resolution }, null, 2)}\n`);
  else if (html === undefined) {
    const text = [
      ...k210Sentences(analysis, resolution),
      ...(analysis.fits
        ? []
        : [tableToText(k210ObstaclesTable(analysis), { caption: "What stands in the way" })]),
      tableToText(k210LayersTable(analysis), { caption: "Layers", limit: 200 }),
      tableToText(k210RunsTable(analysis), { caption: "Weights in RAM, or streamed" }),
      `Times: ${analysis.level}.`,
    ];
    process.stdout.write(`${text.join("\n\n")}\n`);
  }
}
