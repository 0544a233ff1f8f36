/** The legend: one entry per named trace, in rows above the plot. */
import type { ColouredTrace } from "./bars.js";
import {
  escapeXml,
  type Fields,
  fields,
  itemOf,
  px,
  stringOf,
  textElement,
  textWidth,
  wordsOf,
} from "./read.js";
import { dashAttribute, modeOf, symbol } from "./scatter.js";

const SIZE = 12;
const SWATCH = 26;
const GAP = 16;
export const LEGEND_ROW = 20;

export interface LegendRow {
  readonly entries: readonly {
    readonly coloured: ColouredTrace;
    readonly name: string;
    readonly x: number;
  }[];
}

/** Returns the entries in rows of the given width; none when the figure shows no legend. */
export function legendRows(traces: readonly ColouredTrace[], layout: Fields, width: number): LegendRow[] {
  const shown = layout.showlegend === undefined ? traces.length > 1 : layout.showlegend !== false;
  if (!shown) return [];
  const rows: { entries: { coloured: ColouredTrace; name: string; x: number }[] }[] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const coloured of traces) {
    const name = wordsOf(coloured.trace.name);
    if (name === "" || coloured.trace.showlegend === false) continue;
    const wide = SWATCH + textWidth(name, SIZE) + GAP;
    if (x + wide > width) {
      rows.push({ entries: [] });
      x = 0;
    }
    rows.at(-1)!.entries.push({ coloured, name, x });
    x += wide;
  }
  return rows;
}

export function drawLegend(rows: readonly LegendRow[], left: number, top: number): string[] {
  return rows.flatMap(({ entries }, row) =>
    entries.flatMap(({ coloured, name, x }) => {
      const y = top + row * LEGEND_ROW;
      return [
        swatch(coloured, left + x, y),
        textElement(name, { x: left + x + SWATCH, y: y + 4, size: SIZE }),
      ];
    }),
  );
}

function swatch(coloured: ColouredTrace, x: number, y: number): string {
  const { trace, colour } = coloured;
  const markerColour = stringOf(itemOf(fields(trace.marker).color, 0)) ?? colour;
  if (trace.type === "bar") {
    return `<rect x="${px(x + 4)}" y="${px(y - 6)}" width="14" height="12" fill="${escapeXml(markerColour)}"/>`;
  }
  const mode = modeOf(coloured);
  const line = fields(trace.line);
  const drawn = mode.includes("lines")
    ? `<path d="M${px(x)} ${px(y)}h20" stroke="${escapeXml(stringOf(line.color) ?? colour)}" stroke-width="2"${dashAttribute(stringOf(line.dash))}/>`
    : "";
  if (!mode.includes("markers")) return drawn;
  const name = stringOf(itemOf(fields(trace.marker).symbol, 0)) ?? "circle";
  return (
    drawn + symbol({ name, x: x + 10, y, half: 4 }).replace("/>", ` fill="${escapeXml(markerColour)}"/>`)
  );
}
