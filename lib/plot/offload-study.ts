/** Offload rates against latency, published beside predicted, and the line over resolution, as figures. */
import type { OffloadStudy } from "../analyze/offload-record.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Share of epochs, in percent, from which dots carry no names. */
const CROWDED = 90;

/** One dot per network: the share of epochs on the NPU against the time; published ones as diamonds. */
export function offloadStudyFigure({ rows }: OffloadStudy): Figure {
  const published = rows.flatMap(({ model, published: run }) =>
    run?.epochs && run.sw !== null && run.ms !== null
      ? [{ model, rate: (1 - run.sw / run.epochs) * 100, ms: run.ms }]
      : [],
  );
  const predicted = rows.flatMap(({ model, predicted: run }) =>
    run ? [{ model, rate: run.byEpochs * 100, ...run.time }] : [],
  );
  return figure({
    data: [
      {
        type: "scatter",
        mode: "markers+text",
        name: "predicted, with its interval",
        // Crowded to the right: there hovering says which is which.
        text: predicted.map(({ model, rate }) => (rate < CROWDED ? model.replace(", 30 tokens", "") : "")),
        textposition: "bottom center",
        textfont: { size: 11 },
        x: predicted.map(({ rate }) => rate),
        y: predicted.map(({ ms }) => ms),
        error_y: {
          type: "data",
          symmetric: false,
          array: predicted.map(({ ms, high }) => high - ms),
          arrayminus: predicted.map(({ ms, low }) => ms - low),
          color: PALETTE.grey,
          thickness: 1.5,
        },
        customdata: predicted.map(({ model }) => model),
        hovertemplate: "%{customdata}<br>%{y:.3g} ms, %{x:.1f} % of epochs<extra></extra>",
        marker: { color: PALETTE.blue, size: 10 },
      },
      {
        type: "scatter",
        mode: "markers+text",
        name: "published",
        x: published.map(({ rate }) => rate),
        y: published.map(({ ms }) => ms),
        text: published.map(({ model }) => model.replace(", 30 tokens", "")),
        textposition: "middle left",
        textfont: { size: 11 },
        hovertemplate: "%{text}<br>%{y:.3g} ms, %{x:.1f} % of epochs<extra></extra>",
        marker: { color: PALETTE.vermillion, size: 12, symbol: "diamond" },
      },
    ],
    layout: {
      title: { text: "Share of epochs on the NPU says little of the time", x: 0, xanchor: "left" },
      height: 440,
      margin: { l: 70, r: 24, t: 90, b: 64 },
      xaxis: axis("epochs on the NPU (%)", { range: [38, 103] }),
      yaxis: axis("one inference (ms)", { type: "log", dtick: "D2" }),
    },
    alt: `Dots. Published: ${published.map(({ model, rate, ms }) => `${model} ${rate.toFixed(1)} %, ${ms} ms`).join("; ")}. Predicted: ${predicted.map(({ model, rate, ms }) => `${model} ${rate.toFixed(1)} %, ${significant.format(ms)} ms`).join("; ")}.`,
  });
}

/** Times over pixels with their lines, published and predicted. */
export function resolutionFigure({ line }: OffloadStudy): Figure {
  const { points, published, predicted, model } = line;
  const most = Math.max(...points.map(({ side }) => side * side));
  const ends = [0, 1.05 * most];
  const at = ({ interceptMs, usPerPixel }: typeof predicted) =>
    ends.map((pixels) => interceptMs + (usPerPixel * pixels) / 1000);
  const measured = points.filter(({ publishedMs }) => publishedMs !== null);
  const straight = (name: string, colour: string, y: readonly number[]) => ({
    type: "scatter",
    mode: "lines",
    name,
    showlegend: false,
    x: ends,
    y,
    hoverinfo: "skip",
    line: { color: colour, width: 1, dash: "dot" },
  });
  return figure({
    data: [
      straight("predicted line", PALETTE.blue, at(predicted)),
      ...(published ? [straight("published line", PALETTE.vermillion, at(published))] : []),
      {
        type: "scatter",
        mode: "markers",
        name: `predicted: ${predicted.interceptMs.toFixed(1)} ms + ${predicted.usPerPixel.toFixed(3)} us per pixel`,
        x: points.map(({ side }) => side * side),
        y: points.map((point) => point.predicted.ms),
        error_y: {
          type: "data",
          symmetric: false,
          array: points.map((point) => point.predicted.high - point.predicted.ms),
          arrayminus: points.map((point) => point.predicted.ms - point.predicted.low),
          color: PALETTE.grey,
          thickness: 1.5,
        },
        customdata: points.map(({ side }) => side),
        hovertemplate: "%{customdata} × %{customdata}<br>%{y:.3g} ms<extra></extra>",
        marker: { color: PALETTE.blue, size: 10 },
      },
      ...(published
        ? [
            {
              type: "scatter",
              mode: "markers",
              name: `published: ${published.interceptMs.toFixed(1)} ms + ${published.usPerPixel.toFixed(3)} us per pixel`,
              x: measured.map(({ side }) => side * side),
              y: measured.map(({ publishedMs }) => publishedMs),
              customdata: measured.map(({ side }) => side),
              hovertemplate: "%{customdata} × %{customdata}<br>%{y:.3g} ms<extra></extra>",
              marker: { color: PALETTE.vermillion, size: 11, symbol: "diamond" },
            },
          ]
        : []),
    ],
    layout: {
      title: { text: `Latency over pixels: ${model}`, x: 0, xanchor: "left" },
      height: 420,
      margin: { l: 70, r: 24, t: 90, b: 64 },
      xaxis: axis("pixels", { range: [0, 1.08 * most] }),
      yaxis: axis("one inference (ms)", { rangemode: "tozero" }),
    },
    alt: `Lines over pixels. ${points.map(({ side, publishedMs, predicted: { ms } }) => `${side}: predicted ${significant.format(ms)} ms${publishedMs === null ? "" : `, published ${publishedMs} ms`}`).join("; ")}.`,
  });
}
