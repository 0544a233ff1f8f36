import type { Analysis } from "../lib/analyze/record.js";
import { offloadSentence } from "../lib/plot/latency.js";
import { stallSentence } from "../lib/plot/timeline.js";
import {
  causesTable,
  fallbackTable,
  gainsTable,
  latencyTable,
  memoryTable,
  modelsTable,
  romTable,
} from "../lib/table/analyses.js";
import { chipsTable } from "../lib/table/chips.js";
import { tableToText } from "../lib/table/show.js";

/** Returns an analysis as text for a terminal. */
export function analysisText(analysis: Analysis): string {
  const { target, epochs } = analysis;
  const left = epochs.hybrid + epochs.sw;
  return [
    `${analysis.model.file} on ${target.board} (${target.chip}), ST Edge AI ${target.tool}, ${target.clock} clocks, epoch controller ${target.epochController ? "on" : "off"}, profile ${target.profile}`,
    tableToText(modelsTable([analysis]), { caption: "Model" }),
    tableToText(romTable([analysis]), { caption: "ROM" }),
    tableToText(causesTable([analysis]), { caption: "What the flash image is made of" }),
    tableToText(chipsTable([analysis]), { caption: "The same constants on three chips" }),
    tableToText(latencyTable([analysis]), { caption: "Epochs and latency" }),
    `${offloadSentence(analysis)} ${stallSentence(analysis)}`,
    ...(left > 0
      ? [
          tableToText(fallbackTable(analysis), { caption: "What left the NPU, and why", limit: 40 }),
          tableToText(gainsTable(analysis), {
            caption: "What an inference would save if the compiler accepted it, run by run",
            limit: 20,
          }),
        ]
      : []),
    tableToText(memoryTable([analysis]), { caption: "Memory pools" }),
    `Latency: ${analysis.latency.level}.`,
    ...analysis.notes.map((note) => `Note: ${note}`),
  ].join("\n\n");
}
