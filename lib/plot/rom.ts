import type { Analysis } from "../analyze/record.js";
import { bytesByCause, shortName } from "../table/analyses.js";
import { headerOf } from "../table/columns.js";
import { ROM_CAUSES, type RomCause } from "../targets/neural-art/records.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const CAUSE_COLOURS: Readonly<Record<RomCause, string>> = {
  kernel: PALETTE.blue,
  inflation: PALETTE.vermillion,
  widthBroadcast: PALETTE.orange,
  scale: PALETTE.green,
  bias: PALETTE.sky,
  constant: PALETTE.purple,
  deepPadding: PALETTE.yellow,
  floatWidening: "#7A3E9D",
  helper: "#4B5563",
  zeroOffset: PALETTE.black,
  alignment: PALETTE.grey,
};

const KIB = 1024;
const kib = (bytes: number) => bytes / KIB;
const whole = new Intl.NumberFormat("en-US");

function unique<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}

/** One group of bars per model: constants in the file, then the flash image of each setting. */
export function romGrowthFigure(analyses: readonly Analysis[]): Figure {
  const models = unique(analyses.map(shortName));
  const settingOf = ({ target }: Analysis) =>
    `tool ${target.tool}, controller ${target.epochController ? "on" : "off"}`;
  const settings = unique(analyses.map(settingOf));
  const first = models.map((model) => analyses.find((analysis) => shortName(analysis) === model)!);
  const colours = [
    PALETTE.vermillion,
    PALETTE.blue,
    PALETTE.orange,
    PALETTE.green,
    PALETTE.purple,
    PALETTE.sky,
  ];
  const source = {
    type: "bar",
    name: "constants in the file",
    x: models,
    y: first.map((analysis) => kib(analysis.rom.sourceBytes)),
    customdata: first.map((analysis) => whole.format(analysis.rom.sourceBytes)),
    hovertemplate: "%{x}<br>%{customdata} B in the file<extra></extra>",
    marker: { color: PALETTE.grey },
  };
  const images = settings.map((setting, index) => {
    const rows = models.map((model) =>
      analyses.find((analysis) => shortName(analysis) === model && settingOf(analysis) === setting),
    );
    return {
      type: "bar",
      name: `flash image, ${setting}`,
      x: models,
      y: rows.map((row) => (row ? kib(row.rom.imageBytes) : null)),
      customdata: rows.map((row) => (row ? whole.format(row.rom.imageBytes) : "")),
      text: rows.map((row) =>
        row && row.rom.sourceBytes > 0 ? `×${(row.rom.imageBytes / row.rom.sourceBytes).toFixed(2)}` : "",
      ),
      textposition: "outside",
      cliponaxis: false,
      hovertemplate: `%{x}<br>%{customdata} B (%{text})<extra>${setting}</extra>`,
      marker: { color: colours[index % colours.length]! },
    };
  });
  return figure({
    data: [source, ...images],
    layout: {
      title: { text: "Weights before and after packing for the NPU", x: 0, xanchor: "left" },
      barmode: "group",
      height: 460,
      margin: { l: 70, r: 24, t: 110, b: 110 },
      xaxis: axis("", { tickangle: models.length > 4 ? -30 : 0 }),
      yaxis: axis("KiB", { type: "log", dtick: 1 }),
    },
    alt: `Bar chart, logarithmic KiB. ${analyses
      .map(
        (analysis) =>
          `${shortName(analysis)} (${settingOf(analysis)}): ${whole.format(analysis.rom.sourceBytes)} B to ${whole.format(analysis.rom.imageBytes)} B`,
      )
      .join("; ")}.`,
  });
}

/** One bar per analysis, stacked by cause: which bytes the image is made of, relative to the file's constants. */
export function romCausesFigure(analyses: readonly Analysis[]): Figure {
  const label = (analysis: Analysis) => `${shortName(analysis)} · ${analysis.target.tool}`;
  const totals = analyses.map(bytesByCause);
  const causes = (Object.keys(ROM_CAUSES) as RomCause[]).filter((cause) =>
    totals.some((byCause) => byCause.has(cause)),
  );
  const share = (index: number, cause: RomCause) => {
    const source = analyses[index]!.rom.sourceBytes;
    return source === 0 ? 0 : ((totals[index]!.get(cause) ?? 0) / source) * 100;
  };
  return figure({
    data: causes.map((cause) => ({
      type: "bar",
      orientation: "h",
      name: headerOf(cause),
      y: analyses.map(label),
      x: analyses.map((_, index) => share(index, cause)),
      customdata: analyses.map((_, index) => whole.format(totals[index]!.get(cause) ?? 0)),
      hovertemplate: `%{y}<br>%{customdata} B, %{x:.2f} % of the file's constants<extra>${cause}: ${ROM_CAUSES[cause]}</extra>`,
      marker: { color: CAUSE_COLOURS[cause] },
    })),
    layout: {
      title: { text: "What the flash image is made of", x: 0, xanchor: "left" },
      barmode: "stack",
      height: 150 + 34 * analyses.length,
      margin: { l: 70, r: 24, t: 90, b: 56 },
      xaxis: axis("% of the constants in the file"),
      yaxis: axis("", { autorange: "reversed" }),
      shapes: [
        {
          type: "line",
          x0: 100,
          x1: 100,
          y0: 0,
          y1: 1,
          yref: "paper",
          line: { color: "#1f2430", width: 1, dash: "dot" },
        },
      ],
    },
    alt: `Stacked bars. ${analyses
      .map(
        (analysis, index) =>
          `${label(analysis)}: ${[...totals[index]!].map(([cause, bytes]) => `${cause} ${whole.format(bytes)} B`).join(", ")}`,
      )
      .join("; ")}.`,
  });
}
