/** What moving weights out of flash saves, as figures. */
import type { MovesAnalysis } from "../analyze/moves-record.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const KIB = 1024;
const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** The inference as constants move into internal RAM, best per byte first; a line marks the room there is. */
export function movesFigure({ model, now, moves, roomBytes, chosen, everything }: MovesAnalysis): Figure {
  const x = [0, ...moves.map(({ cumulativeBytes }) => cumulativeBytes / KIB)];
  const y = [now.ms, ...moves.map(({ cumulativeSavedMs }) => now.ms - cumulativeSavedMs)];
  const most = Math.max(x.at(-1)!, roomBytes / KIB);
  return figure({
    data: [
      {
        type: "scatter",
        mode: "lines+markers",
        name: "best per byte first",
        x,
        y,
        customdata: ["as planned", ...moves.map(({ layer }) => layer)],
        hovertemplate: "%{customdata}<br>%{x:.0f} KiB moved: %{y:.3g} ms<extra></extra>",
        line: { color: PALETTE.blue, width: 1.5 },
        marker: { color: PALETTE.blue, size: 6 },
      },
      {
        type: "scatter",
        mode: "markers",
        name: "the best set within the room",
        x: [chosen.bytes / KIB],
        y: [chosen.then.ms],
        hovertemplate: "best set: %{x:.0f} KiB, %{y:.3g} ms<extra></extra>",
        marker: { color: PALETTE.vermillion, size: 12, symbol: "diamond" },
      },
    ],
    layout: {
      title: { text: `Weights moved from flash into internal RAM: ${model}`, x: 0, xanchor: "left" },
      height: 400,
      margin: { l: 70, r: 24, t: 90, b: 64 },
      xaxis: axis("KiB moved", { range: [-0.02 * most, 1.05 * most] }),
      yaxis: axis("one inference (ms)", { rangemode: "tozero" }),
      shapes: [
        {
          type: "line",
          x0: roomBytes / KIB,
          x1: roomBytes / KIB,
          y0: 0,
          y1: 1,
          xref: "x",
          yref: "paper",
          line: { color: PALETTE.grey, width: 1.5, dash: "dot" },
        },
      ],
    },
    alt: `Line from ${significant.format(now.ms)} ms with all weights in flash to ${significant.format(everything.internal.ms)} ms with all in internal RAM; within ${significant.format(roomBytes / KIB)} KiB (dotted) ${significant.format(chosen.then.ms)} ms.`,
  });
}

/** Each epoch with constants: its time with them in flash, PSRAM and internal RAM, the widest gap first. */
export function epochMemoriesFigure({ epochs, model }: MovesAnalysis, most = 24): Figure {
  const shown = [...epochs]
    .sort((a, b) => b.octoFlashMs - b.internalMs - (a.octoFlashMs - a.internalMs))
    .slice(0, most)
    .filter(({ octoFlashMs, internalMs }) => octoFlashMs > internalMs);
  const names = shown.map(({ epoch, layer }) => `${epoch} ${layer}`);
  const dots = (name: string, colour: string, of: (epoch: (typeof shown)[number]) => number) => ({
    type: "bar",
    orientation: "h",
    name,
    y: names,
    x: shown.map(of),
    hovertemplate: `%{y}<br>%{x:.3g} ms<extra>${name}</extra>`,
    marker: { color: colour },
  });
  return figure({
    data: [
      dots("internal RAM", PALETTE.green, ({ internalMs }) => internalMs),
      dots("PSRAM", PALETTE.sky, ({ hyperRamMs }) => hyperRamMs),
      dots("flash", PALETTE.vermillion, ({ octoFlashMs }) => octoFlashMs),
    ],
    layout: {
      title: { text: `Epochs that wait for weights: ${model}`, x: 0, xanchor: "left" },
      barmode: "group",
      height: 170 + 34 * shown.length,
      margin: { l: 70, r: 24, t: 90, b: 56 },
      xaxis: axis("ms"),
      yaxis: axis("", { autorange: "reversed" }),
    },
    alt: `Bars. ${shown.map(({ epoch, octoFlashMs, hyperRamMs, internalMs }) => `epoch ${epoch}: ${significant.format(octoFlashMs)} ms from flash, ${significant.format(hyperRamMs)} from PSRAM, ${significant.format(internalMs)} from internal RAM`).join("; ") || "no epoch waits"}.`,
  });
}
