import type { CliffReport } from "../analyze/record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { cliffsFigure } from "../plot/cliffs.js";
import { cliffPointsTable, cliffsTable, flipsTable } from "../table/cliffs.js";
import { show } from "../table/show.js";
import { type Block, code } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });

/** Returns the report of a walk: the cliffs first, then the figure, then both sides of each and every point. */
export function cliffReport(report: CliffReport): Block[] {
  const { axis, runs } = report;
  const cliffs = runs.reduce((sum, run) => sum + run.cliffs.length, 0);
  const [first] = axis.values;
  const points = runs.reduce((sum, run) => sum + run.points.length, 0);
  const failed = runs.reduce(
    (sum, run) => sum + run.points.filter(({ figures }) => figures === null).length,
    0,
  );
  const settings = runs.map(
    ({ target, complete }) =>
      `- ST Edge AI ${target.tool}, ${target.board}, ${target.clock} clocks, epoch controller ${target.epochController ? "on" : "off"}, profile ${target.profile}${complete ? "" : " (**ended early**)"}`,
  );
  return [
    prose(
      [
        `# Cliffs of ${code(report.model)} over its ${axis.name}`,
        `${axis.name} ${first} to ${axis.values.at(-1)} ${axis.unit}, ${points} networks predicted${failed > 0 ? `, ${failed} of them impossible` : ""}; cliffs narrowed down to ${axis.step} ${axis.unit}.`,
        settings.join("\n"),
        `**${cliffs === 0 ? "No cliff" : cliffs === 1 ? "One cliff" : `${cliffs} cliffs`}.** ${report.criterion}`,
      ].join("\n\n"),
    ),
    display(cliffsFigure(report)),
    ...(cliffs > 0 ? [display(show(cliffsTable(report), { caption: "Cliffs", limit: 200 }))] : []),
    ...(cliffs > 0
      ? [
          prose("## Both sides of each cliff"),
          display(
            show(flipsTable(report), { caption: "What flipped, first the larger effects", limit: 500 }),
          ),
        ]
      : []),
    display(show(cliffPointsTable(report), { caption: "All points", limit: 4000, folded: true })),
  ];
}
