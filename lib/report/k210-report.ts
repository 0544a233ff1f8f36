import type { K210Analysis, K210Obstacle } from "../analyze/k210-record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { k210MemoryFigure, streamFigure } from "../plot/stream.js";
import { formatCell } from "../table/columns.js";
import { show } from "../table/show.js";
import { k210LayersTable, k210ObstaclesTable, k210RunsTable, streamLayersTable } from "../table/stream.js";
import { type Block, code } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });
const bytes = (value: number) => `${formatCell("_bytes", value)} B`;
const ms = (value: number) => `${formatCell("_ms", value)} ms`;

/** The largest picture that fits, and what stops the next one. */
export interface LargestPicture {
  readonly side: number;
  readonly stops: readonly K210Obstacle[];
}

/** Returns in sentences whether a network fits, what it takes, and what streaming costs. */
export function k210Sentences(analysis: K210Analysis, largest: LargestPicture | null): readonly string[] {
  const { fits, obstacles, modelBytes, residentFits, resident, loadOnceMs, runs, untimed } = analysis;
  const [first, ...more] = obstacles;
  const left = obstacles.filter(({ rule }) => rule === "K210-NO-LAYER").length;
  const without = left === 1 ? "node" : `${left} nodes`;
  const whole =
    left > 0
      ? `Without the ${without} that the format has no layer for, a frame would take`
      : "A frame takes";
  const double = runs.find(({ mode }) => mode === "double");
  return [
    `${analysis.model} on the K210: ${fits ? "it fits." : `it does not fit; ${first!.node === "" ? "" : `'${first!.node}': `}${first!.why}${more.length > 0 ? `, and ${more.length} more` : ""}.`}`,
    ...(largest ? [`The largest square picture that fits is ${largest.side} × ${largest.side}.`] : []),
    `The model takes ${bytes(modelBytes)}; ${residentFits ? `loaded once it takes ${ms(loadOnceMs)}` : "it is too large for RAM and has to stream"}.`,
    `${whole} ${residentFits ? `${ms(resident.totalMs)} with weights in RAM` : `${ms(resident.totalMs)} if RAM held its weights`}${double ? `, ${ms(double.schedule.totalMs)} with two buffers from ${double.store}${double.breakEvenFrames === null ? "" : `: loading once pays after ${Math.ceil(double.breakEvenFrames)} frames`}` : ""}.`,
    ...(untimed.length > 0 ? [`Not timed one by one, as the CPU runs them: ${untimed.join(", ")}.`] : []),
  ];
}

/** Returns the report of a network on the K210: what fits, where it does not, and what streaming costs. */
export function k210Report(analysis: K210Analysis, largest: LargestPicture | null): Block[] {
  const shown = analysis.runs.find(({ mode }) => mode === "double");
  return [
    prose(
      [
        `# ${code(analysis.model)} on the Kendryte K210`,
        ...k210Sentences(analysis, largest).map((sentence) => `- ${sentence}`),
        `Times: ${analysis.level}.`,
      ].join("\n\n"),
    ),
    ...(analysis.fits
      ? []
      : [display(show(k210ObstaclesTable(analysis), { caption: "What stands in the way", limit: 100 }))]),
    prose("## Memory of the unit\n\nWhat a layer reads and writes has to lie in 2 MiB at once (dashed)."),
    display(k210MemoryFigure(analysis)),
    display(show(k210LayersTable(analysis), { caption: "Layers", limit: 400, folded: true })),
    prose("## Weights in RAM, or streamed"),
    display(show(k210RunsTable(analysis), { caption: "One frame", limit: 40 })),
    ...(shown
      ? [
          display(streamFigure(shown.schedule, `Two buffers, ${shown.store}`)),
          display(
            show(streamLayersTable(shown.schedule), { caption: "Layer by layer", limit: 400, folded: true }),
          ),
        ]
      : []),
  ];
}
