import type { CliffReport } from "../lib/analyze/record.js";
import { cliffPointsTable, flipSentence, jumpSentence } from "../lib/table/cliffs.js";
import { tableToText } from "../lib/table/show.js";

/** Things that flipped which the text names; JSON and the page have all. */
const NAMED_FLIPS = 4;

/** Returns the cliffs of a walk as text for a terminal, then its points. */
export function cliffsText(report: CliffReport): string {
  const { axis, runs } = report;
  const lines = runs.flatMap(({ target, cliffs, complete }) => [
    `${report.model} on ${target.board}, ST Edge AI ${target.tool}: ${cliffs.length} ${cliffs.length === 1 ? "cliff" : "cliffs"} over ${axis.name} ${axis.values[0]} to ${axis.values.at(-1)} ${axis.unit}${complete ? "" : " (ended early)"}`,
    ...cliffs.map(({ from, to, jumps, flips }) =>
      [
        `  ${axis.name} ${from} → ${to}`,
        ...jumps.map((jump) => `    ${jumpSentence(jump)}`),
        ...flips.slice(0, NAMED_FLIPS).map((flip) => `      ${flipSentence(flip)}`),
        ...(flips.length > NAMED_FLIPS ? [`      … ${flips.length - NAMED_FLIPS} more`] : []),
        ...(flips.length === 0 ? ["      no rule flipped"] : []),
      ].join("\n"),
    ),
  ]);
  return [
    ...lines,
    tableToText(cliffPointsTable(report), { caption: "Points", limit: 400 }),
    report.criterion,
  ].join("\n\n");
}
