import type { MovesAnalysis } from "../analyze/moves-record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { epochMemoriesFigure, movesFigure } from "../plot/moves.js";
import { formatCell } from "../table/columns.js";
import { epochMemoriesTable, movesTable, placesTable } from "../table/moves.js";
import { show } from "../table/show.js";
import { type Block, code } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });
const ms = (value: number) => `${formatCell("_ms", value)} ms`;
const bytes = (value: number) => `${formatCell("_bytes", value)} B`;

/** Returns in sentences what waits for weights, what to move first, and what is gained. */
export function movesSentences(analysis: MovesAnalysis): readonly string[] {
  const { model, board, now, epochs, moves, chosen, roomBytes, everything } = analysis;
  const waiting = epochs.filter(({ weightBound }) => weightBound).length;
  const [first] = moves;
  return [
    `${model} on ${board}: ${waiting} of ${epochs.length} epochs with constants wait for them.`,
    ...(first
      ? [
          `Move '${first.layer}' first: ${bytes(first.bytes)} save ${ms(first.saved.ms)} (${formatCell("", first.msPerKib * 1000)} us per KiB).`,
        ]
      : []),
    `Within ${bytes(roomBytes)} of internal RAM the best set (${chosen.proved ? "proved" : "not proved"}) of ${bytes(chosen.bytes)} takes the inference from ${ms(now.ms)} (${ms(now.low)} to ${ms(now.high)}) to ${ms(chosen.then.ms)} (${ms(chosen.then.low)} to ${ms(chosen.then.high)}); best per byte first would save ${ms(chosen.inOrderSavedMs)} of its ${ms(chosen.saved.ms)}.`,
    `Copying it takes ${ms(chosen.installMs)} once${chosen.breakEvenFrames === null ? "" : `, made good after ${Math.ceil(chosen.breakEvenFrames)} frames`}.`,
    `All weights in hyperRAM: ${ms(everything.hyperRam.ms)}; all in internal RAM, if it held them: ${ms(everything.internal.ms)}.`,
  ];
}

/** Returns the report of moves: sentences, the curve, the ranked list, every epoch in three memories. */
export function movesReport(analysis: MovesAnalysis): Block[] {
  return [
    prose(
      [
        `# What to move out of flash: ${code(analysis.model)}`,
        ...movesSentences(analysis).map((sentence) => `- ${sentence}`),
        `Times: ${analysis.level}. Weights and activations are taken not to disturb each other in internal RAM, and the room is one sum of bytes: whether a buffer fits between activations is not looked at.`,
      ].join("\n\n"),
    ),
    display(show(placesTable(analysis), { caption: "Where the constants are" })),
    display(movesFigure(analysis)),
    display(show(movesTable(analysis), { caption: "What to move, best per byte first", limit: 200 })),
    prose("## Epochs that wait for weights"),
    display(epochMemoriesFigure(analysis)),
    display(
      show(epochMemoriesTable(analysis), { caption: "All epochs with constants", limit: 500, folded: true }),
    ),
  ];
}
