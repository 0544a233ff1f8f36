/** Weights that stream, as figures: who waits for whom, the forum's figures, what a layer takes on the K210. */
import type { K210Analysis } from "../analyze/k210-record.js";
import type { MaixRow } from "../stream/maixpy.js";
import type { StreamSchedule } from "../stream/record.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en-US");
const LANES = { load: "store", compute: "unit" } as const;
/** Layers that can be seen alternate between two shades, so that their borders show. */
const SHADES = {
  load: [PALETTE.orange, "#F3CB74"],
  compute: [PALETTE.blue, PALETTE.sky],
} as const;

/** Layers shorter than this share of the whole are drawn in the shade of the layer before them. */
const VISIBLE = 0.01;

/** Returns 0 or 1 for each layer. */
function shadesOf({ layers, totalMs }: StreamSchedule): readonly (0 | 1)[] {
  let shade: 0 | 1 = 0;
  return layers.map(({ loadMs, computeMs }) => {
    if (Math.max(loadMs, computeMs) > VISIBLE * totalMs) shade = shade === 0 ? 1 : 0;
    return shade;
  });
}

/** Reading and computing on two lanes, batch by batch; hovering names the layer and its bytes. */
export function streamFigure(schedule: StreamSchedule, title: string): Figure {
  const { steps, layers, totalMs, computeMs, loadMs, waitMs } = schedule;
  const shades = shadesOf(schedule);
  const data = (["load", "compute"] as const).flatMap((kind) => {
    const members = steps.filter((step) => step.kind === kind);
    if (members.length === 0) return [];
    return {
      type: "bar",
      orientation: "h",
      name: kind === "load" ? "reading constants" : "computing",
      base: members.map(({ startMs }) => startMs),
      x: members.map(({ startMs, endMs }) => endMs - startMs),
      y: members.map(() => LANES[kind]),
      customdata: members.map(({ layer, batch, bytes }) => [
        layers[layer]!.name,
        batch + 1,
        whole.format(bytes),
      ]),
      hovertemplate:
        "%{customdata[0]}, batch %{customdata[1]}: %{customdata[2]} B<br>%{x:.3g} ms<extra></extra>",
      marker: {
        color: members.map(({ layer }) => SHADES[kind][shades[layer]!]),
        line: { color: "#ffffff", width: 0 },
      },
    };
  });
  return figure({
    data,
    layout: {
      title: { text: title, x: 0, xanchor: "left" },
      barmode: "overlay",
      showlegend: false,
      height: 230,
      xaxis: axis("ms from the start of the inference"),
      yaxis: axis("", { categoryorder: "array", categoryarray: [LANES.compute, LANES.load] }),
    },
    alt: `Timeline of ${layers.length} layers, ${significant.format(totalMs)} ms: computing takes ${significant.format(computeMs)} ms, reading ${significant.format(loadMs)} ms, of which ${significant.format(waitMs)} ms are waited for.`,
  });
}

const STORE_COLOURS = [PALETTE.blue, PALETTE.vermillion, PALETTE.green] as const;

/** Every form of the law beside the figures of the forum: a dot is a prediction, a dotted line what was given. */
export function maixFigure(rows: readonly MaixRow[]): Figure {
  const doubles = rows.filter(({ law }) => law !== "resident" && law !== "single buffer");
  const stores = [...new Set(doubles.map(({ store }) => store))];
  const laws = [...new Set(doubles.map(({ law }) => law))];
  const given = (store: string) => doubles.find((row) => row.store === store)!;
  const percent = (share: number) => `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`;
  return figure({
    data: stores.map((store, index) => {
      const own = doubles.filter((row) => row.store === store);
      return {
        type: "scatter",
        mode: "markers+text",
        name: `${store}: ${given(store).givenMs} ms ${given(store).evidence === "measured" ? "measured" : given(store).evidence === "documented" ? "stated" : "expected"}`,
        x: own.map(({ predictedMs }) => predictedMs),
        y: own.map(({ law }) => law),
        text: own.map(({ error, fitted }) => (fitted ? "fitted" : percent(error))),
        textposition: "top center",
        textfont: { size: 11, color: STORE_COLOURS[index % STORE_COLOURS.length]! },
        hovertemplate: "%{y}<br>%{x:.1f} ms<extra></extra>",
        marker: { color: STORE_COLOURS[index % STORE_COLOURS.length]!, size: 10 },
      };
    }),
    layout: {
      title: {
        text: "A frame with two buffers: predicted, and what the forum gives (dotted)",
        x: 0,
        xanchor: "left",
      },
      height: 216 + 46 * laws.length,
      margin: { l: 70, r: 24, t: 126, b: 56 },
      xaxis: axis("ms per frame", { range: [38, 94] }),
      yaxis: axis("", { categoryorder: "array", categoryarray: [...laws].reverse() }),
      shapes: stores.map((store, index) => ({
        type: "line",
        x0: given(store).givenMs,
        x1: given(store).givenMs,
        y0: 0,
        y1: 1,
        xref: "x",
        yref: "paper",
        line: { color: STORE_COLOURS[index % STORE_COLOURS.length]!, width: 1.5, dash: "dot" },
      })),
    },
    alt: `Dots. ${doubles.map((row) => `${row.law}, ${row.store}: ${significant.format(row.predictedMs)} ms for ${row.givenMs} ms`).join("; ")}.`,
  });
}

const MIB = 1024 * 1024;

/** What each layer reads and writes in the unit's memory, and the memory's size. */
export function k210MemoryFigure({ layers, memoryBytes, model }: K210Analysis): Figure {
  const bar = (name: string, colour: string, of: (layer: (typeof layers)[number]) => number) => ({
    type: "bar",
    name,
    x: layers.map((_, index) => index + 1),
    y: layers.map((layer) => of(layer) / MIB),
    customdata: layers.map((layer) => [layer.node, layer.map, whole.format(of(layer))]),
    hovertemplate: `%{customdata[0]}<br>%{customdata[1]} in<br>%{customdata[2]} B<extra>${name}</extra>`,
    marker: { color: colour },
  });
  const beyond = layers.filter(({ fits }) => !fits);
  return figure({
    data: [
      bar("reads", PALETTE.sky, ({ readBytes }) => readBytes),
      bar("writes", PALETTE.blue, ({ writtenBytes }) => writtenBytes),
    ],
    layout: {
      title: { text: `Memory of the K210's unit, layer by layer: ${model}`, x: 0, xanchor: "left" },
      barmode: "stack",
      height: 420,
      margin: { l: 70, r: 24, t: 90, b: 64 },
      xaxis: axis("layer of the unit, in running order"),
      yaxis: axis("MiB, rows padded to lines", { rangemode: "tozero" }),
      shapes: [
        {
          type: "line",
          x0: 0,
          x1: 1,
          xref: "paper",
          y0: memoryBytes / MIB,
          y1: memoryBytes / MIB,
          yref: "y",
          line: { color: PALETTE.vermillion, width: 1.5, dash: "dash" },
        },
      ],
    },
    alt: `Bars of ${layers.length} layers against ${whole.format(memoryBytes)} B. ${beyond.length === 0 ? "All fit" : `Too large: ${beyond.map(({ node, readBytes, writtenBytes }) => `${node} ${whole.format(readBytes + writtenBytes)} B`).join(", ")}`}.`,
  });
}
