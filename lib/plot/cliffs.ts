import type { Cliff, CliffFigures, CliffMetric, CliffReport } from "../analyze/record.js";
import { flipSentence, jumpSentence } from "../table/cliffs.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const KIB = 1024;

interface Panel {
  readonly title: string;
  readonly metrics: readonly CliffMetric[];
  of(figures: CliffFigures): number;
}

/** Top to bottom; each cliff is marked in the panels of the figures that jumped. */
const PANELS: readonly Panel[] = [
  { title: "ROM (KiB)", metrics: ["rom"], of: ({ romBytes }) => romBytes / KIB },
  { title: "RAM (KiB)", metrics: ["ram", "bank", "external"], of: ({ ramBytes }) => ramBytes / KIB },
  { title: "epochs", metrics: ["epochs", "hybrid", "sw"], of: ({ epochs }) => epochs },
  { title: "latency (ms)", metrics: ["latency"], of: ({ ms }) => ms },
];

const COLOURS = [PALETTE.blue, PALETTE.green, PALETTE.purple, PALETTE.orange, PALETTE.sky] as const;
const GAP = 0.06;
const WRAP = 70;

/** Breaks a hover text into lines, so that it fits a screen. */
function wrapped(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line.length + word.length > WRAP && line !== "") lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("<br>");
}

function hoverOf({ from, to, jumps, flips }: Cliff): string {
  const causes = flips.slice(0, 3).map(flipSentence);
  return [`<b>${from} → ${to}</b>`, ...[...jumps.map(jumpSentence), ...causes].map(wrapped)].join("<br>");
}

/** Four panels over one axis: ROM, RAM, epochs, latency; a marker on each cliff says what flipped. */
export function cliffsFigure(report: CliffReport): Figure {
  const height = (1 - GAP * (PANELS.length - 1)) / PANELS.length;
  const axes = PANELS.map((panel, index) => {
    const top = 1 - index * (height + GAP);
    return [
      `yaxis${index === 0 ? "" : index + 1}`,
      axis(panel.title, { domain: [Math.max(0, top - height), top], rangemode: "tozero" }),
    ] as const;
  });
  const data = report.runs.flatMap((run, position) => {
    const name = `tool ${run.target.tool}${run.target.epochController ? "" : ", controller off"}`;
    const colour = COLOURS[position % COLOURS.length]!;
    const drawn = run.points.filter(({ figures }) => figures !== null);
    return PANELS.flatMap((panel, index) => {
      const yaxis = index === 0 ? "y" : `y${index + 1}`;
      const at = (value: number) => {
        const found = drawn.find((point) => point.value === value)?.figures;
        return found ? panel.of(found) : null;
      };
      const marked = run.cliffs.filter(
        ({ jumps, to }) => jumps.some(({ metric }) => panel.metrics.includes(metric)) && at(to) !== null,
      );
      return [
        {
          type: "scatter",
          mode: "lines",
          name,
          legendgroup: name,
          showlegend: index === 0,
          x: drawn.map(({ value }) => value),
          y: drawn.map(({ figures }) => panel.of(figures!)),
          yaxis,
          hovertemplate: `${name}<br>%{x}: %{y:.4~g}<extra></extra>`,
          line: { color: colour, width: 2 },
        },
        {
          type: "scatter",
          mode: "markers",
          name: "cliff",
          legendgroup: "cliff",
          showlegend: index === 0 && position === 0,
          x: marked.map(({ to }) => to),
          y: marked.map(({ to }) => at(to)),
          yaxis,
          customdata: marked.map(hoverOf),
          hovertemplate: "%{customdata}<extra></extra>",
          marker: {
            color: PALETTE.vermillion,
            size: 9,
            symbol: "diamond",
            line: { color: "#ffffff", width: 1 },
          },
        },
      ];
    });
  });
  const cliffs = report.runs.flatMap((run) => run.cliffs.map((cliff) => ({ run, cliff })));
  return figure({
    data,
    layout: {
      title: { text: `Cliffs over ${report.axis.name}: ${report.model}`, x: 0, xanchor: "left" },
      height: 760,
      margin: { l: 70, r: 24, t: 90, b: 56 },
      hovermode: "closest",
      xaxis: axis(`${report.axis.name} (${report.axis.unit})`, { anchor: `y${PANELS.length}` }),
      ...Object.fromEntries(axes),
    },
    alt: `Lines of ROM, RAM, epochs and latency over ${report.axis.name}. ${
      cliffs.length === 0
        ? "No cliff."
        : cliffs
            .map(
              ({ run, cliff }) =>
                `${cliff.from} to ${cliff.to} (tool ${run.target.tool}): ${cliff.jumps.map(jumpSentence).join(", ")}`,
            )
            .join("; ")
    }`,
  });
}
