import type { Analysis } from "../analyze/record.js";
import { shortName } from "../table/analyses.js";
import { LANE_NAMES, STALL_NAMES } from "../table/timeline.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

type Timeline = Analysis["timeline"];
type Lane = Timeline["lanes"][number]["lane"];

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

const LANE_COLOURS: Readonly<Record<Lane, string>> = {
  npu: PALETTE.blue,
  cpu: PALETTE.vermillion,
  flash: PALETTE.orange,
  external: PALETTE.purple,
  ports: PALETTE.grey,
};

/** Returns what the NPU waits for, longest first, in one sentence; empty where it never does. */
export function stallSentence({ timeline }: Analysis): string {
  const [npu] = timeline.lanes;
  const busy = npu ? `The NPU's units work ${(npu.share * 100).toFixed(0)} % of the time` : "";
  if (timeline.stalls.length === 0) return `${busy}.`;
  const waits = timeline.stalls.map(
    ({ cause, ms }) => `${STALL_NAMES[cause]} (${significant.format(ms)} ms)`,
  );
  return `${busy} and else wait for ${waits.join(", ")}.`;
}

/**
 * A lane per resource, and on each when it works; a gap on the NPU's lane is a wait. Hovering says which epoch
 * it is, what it does, what bounds it and why it exists.
 */
export function timelineFigure(analysis: Analysis): Figure {
  const { timeline, epochs } = analysis;
  const byIndex = new Map(epochs.list.map((epoch) => [epoch.index, epoch]));
  const lanes = timeline.lanes.filter(({ busyMs }) => busyMs > 0).map(({ lane }) => lane);
  return figure({
    data: lanes.map((lane) => {
      const spans = timeline.spans.filter((span) => span.lane === lane);
      return {
        type: "bar",
        orientation: "h",
        name: LANE_NAMES[lane],
        base: spans.map(({ fromMs }) => fromMs),
        x: spans.map(({ fromMs, toMs }) => toMs - fromMs),
        y: spans.map(() => LANE_NAMES[lane]),
        customdata: spans.map((span) => {
          const epoch = byIndex.get(span.epoch);
          const why = epoch?.reason?.why ?? epoch?.note ?? "";
          return [span.epoch, span.kind, epoch?.ops.join(" + ") ?? "", epoch?.bound ?? "", why];
        }),
        hovertemplate:
          "epoch %{customdata[0]} (%{customdata[1]}): %{customdata[2]}<br>%{x:.3g} ms, the epoch is bound by %{customdata[3]}<br>%{customdata[4]}<extra></extra>",
        marker: { color: LANE_COLOURS[lane], line: { color: "#ffffff", width: 0.3 } },
      };
    }),
    layout: {
      title: { text: `Where the time goes: ${shortName(analysis)}`, x: 0, xanchor: "left" },
      barmode: "overlay",
      bargap: 0.35,
      showlegend: false,
      height: 130 + 46 * lanes.length,
      xaxis: axis("ms from the start of the inference"),
      yaxis: axis("", {
        categoryorder: "array",
        categoryarray: lanes.map((lane) => LANE_NAMES[lane]).reverse(),
      }),
    },
    alt: `Timeline of ${epochs.total} epochs, ${significant.format(timeline.ms)} ms (${significant.format(analysis.latency.low)} to ${significant.format(analysis.latency.high)}): ${timeline.lanes
      .filter(({ busyMs }) => busyMs > 0)
      .map(({ lane, busyMs }) => `${LANE_NAMES[lane]} works ${significant.format(busyMs)} ms`)
      .join("; ")}. ${stallSentence(analysis)}`,
  });
}
