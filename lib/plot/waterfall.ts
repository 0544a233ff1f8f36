/** From the constants in the file to the flash image, step by step. */
import type { Analysis } from "../analyze/record.js";
import { bytesByCause, shortName } from "../table/analyses.js";
import { chipName } from "../table/chips.js";
import { headerOf } from "../table/columns.js";
import type { RomCause } from "../targets/neural-art/records.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const whole = new Intl.NumberFormat("en-US");
const kib = (bytes: number) => bytes / 1024;

/** What the file itself holds; everything else is growth. */
const FROM_FILE: readonly RomCause[] = ["kernel", "bias", "constant"];

export interface WaterfallStep {
  readonly label: string;
  /** Change in bytes; the first and the last step are totals from zero. */
  readonly bytes: number;
  readonly kind: "total" | "change";
}

/**
 * Returns the steps from the file to the image: they add up to it, to the byte.
 *
 *   216 in the file, image 580: 4 of them in the blob (-4), inflation +360, alignment +8
 *   -> [216 total, -4, +360, +8, 580 total]
 */
export function waterfallSteps(analysis: Analysis): WaterfallStep[] {
  const { rom } = analysis;
  const byCause = bytesByCause(analysis);
  const kept = FROM_FILE.reduce((sum, cause) => sum + (byCause.get(cause) ?? 0), 0);
  const moved = kept - rom.sourceBytes;
  const changes = [...byCause]
    .filter(([cause]) => !FROM_FILE.includes(cause))
    .map(([cause, bytes]) => ({ label: headerOf(cause), bytes, kind: "change" as const }))
    .sort((a, b) => b.bytes - a.bytes);
  return [
    { label: "in the file", bytes: rom.sourceBytes, kind: "total" },
    ...(moved === 0
      ? []
      : [
          {
            label: moved < 0 ? "not in the image" : "widened constants",
            bytes: moved,
            kind: "change" as const,
          },
        ]),
    ...changes,
    { label: "flash image", bytes: rom.imageBytes, kind: "total" },
  ];
}

/** A waterfall of one analysis: each bar starts where the one before it ended. */
export function romWaterfallFigure(analysis: Analysis): Figure {
  const steps = waterfallSteps(analysis);
  let level = 0;
  const bars = steps.map(({ bytes, kind }) => {
    const from = kind === "total" ? 0 : level;
    level = kind === "total" ? bytes : level + bytes;
    return { from, bytes };
  });
  const colour = ({ kind, bytes }: WaterfallStep) =>
    kind === "total" ? PALETTE.blue : bytes < 0 ? PALETTE.green : PALETTE.vermillion;
  const signed = ({ kind, bytes }: WaterfallStep) =>
    kind === "change" && bytes > 0 ? `+${whole.format(bytes)}` : whole.format(bytes);
  return figure({
    data: [
      {
        type: "bar",
        x: steps.map(({ label }) => label),
        base: bars.map(({ from }) => kib(from)),
        y: bars.map(({ bytes }) => kib(bytes)),
        text: steps.map(signed),
        textposition: "outside",
        cliponaxis: false,
        marker: { color: steps.map(colour) },
        hovertemplate: "%{x}<br>%{text} B<extra></extra>",
      },
    ],
    layout: {
      title: { text: "From the file to the flash image", x: 0, xanchor: "left" },
      height: 400,
      showlegend: false,
      margin: { l: 70, r: 24, t: 64, b: 96 },
      xaxis: axis("", { tickangle: steps.length > 5 ? -30 : 0 }),
      yaxis: axis("KiB", { rangemode: "tozero" }),
    },
    alt: `Waterfall of ${shortName(analysis)}. ${steps.map((step) => `${step.label}: ${signed(step)} B`).join("; ")}.`,
  });
}

/** One group of bars per model: the same constants on each chip, as a multiple of what a Cortex-M stores. */
export function chipGrowthFigure(analyses: readonly Analysis[]): Figure {
  const rows = analyses.map((analysis) => {
    const unpacked = analysis.rom.elsewhere.find(({ chip }) => chip === "cortex-m")?.bytes ?? 0;
    return { analysis, ratio: (bytes: number) => (unpacked === 0 ? null : bytes / unpacked) };
  });
  const labels = rows.map(({ analysis }) => shortName(analysis));
  const bar = (name: string, color: string, sizes: readonly (number | null)[]) => ({
    type: "bar",
    name,
    x: labels,
    y: rows.map(({ ratio }, index) => (sizes[index] === null ? null : ratio(sizes[index]!))),
    customdata: sizes.map((size) => (size === null ? "cannot be stored" : `${whole.format(size)} B`)),
    text: rows.map(({ ratio }, index) => {
      const value = sizes[index] === null ? null : ratio(sizes[index]!);
      return value === null ? "" : `×${value.toFixed(2)}`;
    }),
    textposition: "outside",
    cliponaxis: false,
    hovertemplate: `%{x}<br>%{customdata}<extra>${name}</extra>`,
    marker: { color },
  });
  const stored = (chip: "cortex-m" | "k210") =>
    rows.map(({ analysis }) => {
      const form = analysis.rom.elsewhere.find((candidate) => candidate.chip === chip);
      return form === undefined || form.obstacles.length > 0 ? null : form.bytes;
    });
  const forms = analyses[0]?.rom.elsewhere ?? [];
  const nameOf = (chip: "cortex-m" | "k210") => {
    const form = forms.find((candidate) => candidate.chip === chip);
    return form ? `${chipName(form)}, ${form.form}` : chip;
  };
  return figure({
    data: [
      bar(nameOf("cortex-m"), PALETTE.grey, stored("cortex-m")),
      bar(nameOf("k210"), PALETTE.sky, stored("k210")),
      bar(
        analyses[0]?.target.chip ?? "STM32N6",
        PALETTE.vermillion,
        rows.map(({ analysis }) => analysis.rom.imageBytes),
      ),
    ],
    layout: {
      title: { text: "The same constants on three chips", x: 0, xanchor: "left" },
      barmode: "group",
      height: 420,
      margin: { l: 70, r: 24, t: 100, b: labels.length > 4 ? 110 : 40 },
      xaxis: axis("", { tickangle: labels.length > 4 ? -30 : 0 }),
      yaxis: axis("× unpacked constants", { rangemode: "tozero" }),
    },
    alt: `Bars, multiples of the unpacked constants. ${rows
      .map(({ analysis }) => {
        const sizes = analysis.rom.elsewhere.map((form) =>
          form.obstacles.length > 0
            ? `${chipName(form)} cannot store it`
            : `${chipName(form)} ${whole.format(form.bytes)} B`,
        );
        return `${shortName(analysis)}: ${[...sizes, `${analysis.target.chip} ${whole.format(analysis.rom.imageBytes)} B`].join(", ")}`;
      })
      .join("; ")}.`,
  });
}
