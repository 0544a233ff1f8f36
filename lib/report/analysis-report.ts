import { not } from "arquero";
import type { Analysis } from "../analyze/record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { offloadSentence } from "../plot/latency.js";
import { poolsFigure } from "../plot/memory.js";
import { romCausesFigure } from "../plot/rom.js";
import { stallSentence, timelineFigure } from "../plot/timeline.js";
import { chipGrowthFigure, romWaterfallFigure } from "../plot/waterfall.js";
import {
  causesTable,
  epochsTable,
  fallbackTable,
  gainsTable,
  latencyTable,
  ledgerTable,
  memoryTable,
  modelsTable,
  romTable,
  rulesTable,
  shortName,
} from "../table/analyses.js";
import { chipCausesTable, chipsTable } from "../table/chips.js";
import { formatCell } from "../table/columns.js";
import { show } from "../table/show.js";
import { lanesTable, stallsTable } from "../table/timeline.js";
import { type Block, code } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });
const bytes = (value: number) => `${formatCell("_bytes", value)} B`;

/**
 * Returns the report of one analysis: what it found first, then ROM, epochs, memory and latency, each number
 * down to the tensors, rules and epochs that it came from.
 */
export function analysisReport(analysis: Analysis): Block[] {
  const { model, target, rom, epochs, memory, latency } = analysis;
  const growth = rom.sourceBytes === 0 ? "" : ` (×${(rom.imageBytes / rom.sourceBytes).toFixed(3)})`;
  const setting = `ST Edge AI ${target.tool}, ${target.board}, ${target.clock} clocks, epoch controller ${target.epochController ? "on" : "off"}, profile ${target.profile}`;
  const left = epochs.sw + epochs.hybrid;
  return [
    prose(
      [
        `# ${code(shortName(analysis))} on ${target.chip}`,
        `File ${code(model.file)}.`,
        `${setting}. SHA-256 of the model: ${code(model.sha256)}`,
        `- **ROM:** ${bytes(rom.sourceBytes)} of constants become a flash image of **${bytes(rom.imageBytes)}**${growth}.`,
        `- **Epochs:** ${epochs.total}, of which ${epochs.hw} in hardware, ${epochs.hybrid} hybrid and ${epochs.sw} on the CPU. ${offloadSentence(analysis)}`,
        `- **RAM:** activations take ${bytes(memory.activationPeakBytes)}; no placement can take less than ${bytes(memory.lowerBoundBytes)}.`,
        `- **Latency:** ${formatCell("_ms", latency.ms)} ms, ${formatCell("_ms", latency.low)} to ${formatCell("_ms", latency.high)} ms (${latency.level}).`,
        ...(analysis.notes.length > 0
          ? ["", "Assumed on the way:", ...analysis.notes.map((note) => `- ${note}`)]
          : []),
      ].join("\n\n"),
    ),
    display(show(modelsTable([analysis]).select(not("model")))),
    prose("## ROM: what the image is made of\n\nThe ledger adds up to the image, to the byte."),
    display(show(romTable([analysis]).select(not("model", "tool")))),
    display(romWaterfallFigure(analysis)),
    display(romCausesFigure([analysis])),
    display(show(causesTable([analysis]).select(not("model", "tool")))),
    display(show(rulesTable(analysis), { caption: "The rules behind the bytes", limit: 40 })),
    display(
      show(ledgerTable(analysis), {
        caption: "Ledger: every tensor and cause, in image order",
        limit: 2000,
        folded: true,
      }),
    ),
    prose(
      "## The same constants elsewhere\n\nA Cortex-M reads weights as the file holds them; the K210 adds tables per channel and layer but does not inflate depthwise kernels. A form with a reason in the last column cannot hold the whole network: its figure is what the rest would take.",
    ),
    display(chipGrowthFigure([analysis])),
    display(show(chipsTable([analysis]).select(not("model")))),
    display(
      show(chipCausesTable([analysis]).select(not("model")), {
        caption: "What the other files are made of",
        limit: 40,
        folded: true,
      }),
    ),
    prose("## Epochs: what runs where, and why"),
    display(show(latencyTable([analysis]).select(not("model", "tool")))),
    prose(stallSentence(analysis)),
    display(timelineFigure(analysis)),
    display(show(stallsTable(analysis), { caption: "What the NPU waits for" })),
    display(
      show(lanesTable(analysis), { caption: "How long each resource works; they overlap", folded: true }),
    ),
    ...(left > 0
      ? [
          display(show(fallbackTable(analysis), { caption: "What left the NPU, by which rule", limit: 100 })),
          prose(
            "### What would it gain\n\nThe network scheduled and timed once more with the rules of a run of neighbours waived. It holds if the compiler accepted them; the interval takes CPU kernels as uncertain by their factor.",
          ),
          display(
            show(gainsTable(analysis), { caption: "Gain per run of nodes, largest first", limit: 100 }),
          ),
        ]
      : [prose("Every epoch runs in hardware.")]),
    display(show(epochsTable(analysis), { caption: "All epochs", limit: 2000, folded: true })),
    prose("## Memory: where weights and activations land"),
    display(poolsFigure(analysis)),
    display(show(memoryTable([analysis]).select(not("model")))),
  ];
}
