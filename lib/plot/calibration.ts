/** Pictures of how well latency is predicted; every prediction by a fit without the network's family. */
import type { LatencyCalibration, LatencyErrorRow } from "../table/errors.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

const COLOURS = [
  PALETTE.blue,
  PALETTE.orange,
  PALETTE.green,
  PALETTE.vermillion,
  PALETTE.purple,
  PALETTE.sky,
  "#7A5C00",
  PALETTE.black,
  "#6A3D9A",
  PALETTE.grey,
] as const;

const isSound = ({ suspect }: LatencyErrorRow) => suspect === undefined;

function familiesOf(rows: readonly LatencyErrorRow[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { family } of rows.filter(isSound)) counts.set(family, (counts.get(family) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([family]) => family);
}

const hoverOf = (row: LatencyErrorRow) => [
  row.network,
  row.tool,
  `${significant.format(row.lowMs)} to ${significant.format(row.highMs)}`,
  `${row.predictedMs >= row.measuredMs ? "+" : "−"}${percent(Math.abs(row.predictedMs / row.measuredMs - 1))}`,
  row.suspect ?? "",
];

const HOVER =
  "%{customdata[0]}, tool %{customdata[1]}<br>measured %{x:.3g} ms, predicted %{y:.3g} ms (%{customdata[2]})<br>%{customdata[3]} %{customdata[4]}<extra></extra>";

/** Points on the diagonal are right; the grey lines are 10 % and 25 % off. Hollow points are suspect rows. */
export function predictedMeasuredFigure({ rows, models }: LatencyCalibration): Figure {
  const times = rows.flatMap(({ measuredMs, predictedMs }) => [measuredMs, predictedMs]);
  const ends = [Math.min(...times) / 1.15, Math.max(...times) * 1.15];
  const line = (factor: number, dash: "solid" | "dash" | "dot") => ({
    type: "scatter",
    mode: "lines",
    x: ends,
    y: ends.map((end) => end * factor),
    line: { color: PALETTE.grey, width: factor === 1 ? 1.5 : 1, dash },
    hoverinfo: "skip",
    showlegend: false,
  });
  const suspects = rows.filter((row) => !isSound(row));
  const [model] = models;
  return figure({
    data: [
      line(1, "solid"),
      line(1.1, "dash"),
      line(1 / 1.1, "dash"),
      line(1.25, "dot"),
      line(0.75, "dot"),
      ...familiesOf(rows).map((family, index) => {
        const own = rows.filter((row) => row.family === family && isSound(row));
        return {
          type: "scatter",
          mode: "markers",
          name: family,
          x: own.map(({ measuredMs }) => measuredMs),
          y: own.map(({ predictedMs }) => predictedMs),
          error_y: {
            type: "data",
            symmetric: false,
            array: own.map(({ highMs, predictedMs }) => highMs - predictedMs),
            arrayminus: own.map(({ lowMs, predictedMs }) => predictedMs - lowMs),
            color: COLOURS[index % COLOURS.length]!,
            thickness: 1,
            width: 0,
          },
          customdata: own.map(hoverOf),
          hovertemplate: HOVER,
          marker: {
            color: COLOURS[index % COLOURS.length]!,
            size: 8,
            line: { color: "#ffffff", width: 0.5 },
          },
        };
      }),
      {
        type: "scatter",
        mode: "markers",
        name: "suspect, not counted",
        x: suspects.map(({ measuredMs }) => measuredMs),
        y: suspects.map(({ predictedMs }) => predictedMs),
        customdata: suspects.map(hoverOf),
        hovertemplate: HOVER,
        marker: { color: "#ffffff", size: 8, line: { color: PALETTE.grey, width: 1.5 } },
      },
    ],
    layout: {
      title: { text: "Predicted against measured, family left out", x: 0, xanchor: "left" },
      height: 600,
      margin: { l: 70, r: 230, t: 56, b: 64 },
      legend: { orientation: "v", x: 1.02, xanchor: "left", y: 1, yanchor: "top" },
      xaxis: axis("measured (ms)", { type: "log", dtick: "D2" }),
      yaxis: axis("predicted (ms)", { type: "log", dtick: "D2" }),
    },
    alt: `Scatter plot of ${rows.length} networks from ${significant.format(ends[0]!)} to ${significant.format(ends[1]!)} ms; ${model ? `${percent(model.within10)} within 10 % and ${percent(model.within25)} within 25 % of what was measured` : ""}; ${suspects.length} suspect figures apart.`,
  });
}

/** One line per family: how far each of its rows is off; the band is the interval that predictions carry. */
export function residualsFigure({ rows, interval }: LatencyCalibration): Figure {
  const families = [...familiesOf(rows)].reverse();
  const sound = rows.filter(isSound);
  const edge = (share: number) => ({
    type: "scatter",
    mode: "lines",
    x: families.map(() => share),
    y: families,
    line: { color: PALETTE.grey, width: 1, dash: share === 0 ? "solid" : "dash" },
    hoverinfo: "skip",
    showlegend: false,
  });
  return figure({
    data: [
      edge(0),
      edge((1 / interval.highRatio - 1) * 100),
      edge((1 / interval.lowRatio - 1) * 100),
      {
        type: "scatter",
        mode: "markers",
        x: sound.map(({ measuredMs, predictedMs }) => (predictedMs / measuredMs - 1) * 100),
        y: sound.map(({ family }) => family),
        customdata: sound.map(hoverOf),
        hovertemplate: "%{customdata[0]}, tool %{customdata[1]}<br>%{customdata[3]}<extra>%{y}</extra>",
        marker: { color: PALETTE.blue, size: 9, opacity: 0.6 },
        showlegend: false,
      },
    ],
    layout: {
      title: { text: "How far predictions are off, family by family", x: 0, xanchor: "left" },
      height: 150 + 34 * families.length,
      xaxis: axis("predicted ÷ measured − 1 (%)"),
      yaxis: axis("", { type: "category", categoryorder: "array", categoryarray: families }),
    },
    alt: `Errors by family. ${families
      .map((family) => {
        const own = sound.filter((row) => row.family === family);
        const errors = own.map(({ measuredMs, predictedMs }) => predictedMs / measuredMs - 1);
        return `${family}: ${percent(Math.min(...errors))} to ${percent(Math.max(...errors))}`;
      })
      .join("; ")}. The interval holds ${percent(interval.coverage)} of an unseen family.`,
  });
}

/** Share of networks that each model predicts within a given error. */
export function errorSharesFigure({ models }: LatencyCalibration): Figure {
  const colours = [PALETTE.blue, PALETTE.orange, PALETTE.grey];
  return figure({
    data: models.map(({ model, errors }, index) => ({
      type: "scatter",
      mode: "lines",
      name: model,
      x: errors.map((error) => error * 100),
      y: errors.map((_, rank) => ((rank + 1) / errors.length) * 100),
      hovertemplate: "%{y:.0f} % of the figures within %{x:.1f} %<extra>%{fullData.name}</extra>",
      line: { color: colours[index % colours.length]!, width: 2 },
    })),
    layout: {
      title: { text: "Share of figures within an error, family left out", x: 0, xanchor: "left" },
      height: 400,
      margin: { l: 70, r: 24, t: 90, b: 64 },
      xaxis: axis("|predicted ÷ measured − 1| (%)", { range: [0, 60] }),
      yaxis: axis("share of the figures (%)", { range: [0, 102] }),
    },
    alt: models
      .map(
        ({ model, meanError, within10, within25 }) =>
          `${model}: mean error ${percent(meanError)}, ${percent(within10)} within 10 %, ${percent(within25)} within 25 %`,
      )
      .join("; "),
  });
}
