import type { Analysis } from "../analyze/record.js";
import { shortName } from "../table/analyses.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Returns the three offload rates in one sentence; they differ because they count different things. */
export function offloadSentence({ offload }: Analysis): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return `On the NPU run ${percent(offload.epochs)} of the epochs, ${percent(offload.macs)} of the multiply-adds, ${percent(offload.time)} of the time.`;
}

/** What counts as the share that runs on the NPU. */
export type OffloadBasis = "epochs" | "macs" | "time";

/** Room to the left for the names, which stand there; a share never exceeds 100 %. */
function rangeOf(rates: readonly number[]): [number, number] {
  const spread = Math.max(2, 100 - Math.min(...rates));
  return [Math.max(-20, Math.min(...rates) - 0.6 * spread), 100 + 0.06 * spread];
}

/** One point per analysis: offload rate against latency, with the interval; the size of a point is its ROM. */
export function offloadLatencyFigure(analyses: readonly Analysis[], basis: OffloadBasis = "time"): Figure {
  const rates = analyses.map((analysis) => analysis.offload[basis] * 100);
  const largest = Math.max(1, ...analyses.map((analysis) => analysis.rom.imageBytes));
  return figure({
    data: [
      {
        type: "scatter",
        mode: "markers+text",
        x: rates,
        y: analyses.map((analysis) => analysis.latency.ms),
        error_y: {
          type: "data",
          symmetric: false,
          array: analyses.map((analysis) => analysis.latency.high - analysis.latency.ms),
          arrayminus: analyses.map((analysis) => analysis.latency.ms - analysis.latency.low),
          color: PALETTE.grey,
          thickness: 1.5,
        },
        text: analyses.map(shortName),
        textposition: "middle left",
        textfont: { size: 12 },
        customdata: analyses.map((analysis) => [
          `${significant.format(analysis.latency.low)} to ${significant.format(analysis.latency.high)} ms`,
          `${analysis.epochs.hw} hw, ${analysis.epochs.hybrid} hybrid, ${analysis.epochs.sw} sw`,
        ]),
        hovertemplate:
          "%{text}<br>%{y:.3g} ms (%{customdata[0]})<br>%{x:.1f} % on the NPU<br>%{customdata[1]}<extra></extra>",
        marker: {
          color: PALETTE.blue,
          size: analyses.map((analysis) => 7 + 17 * Math.sqrt(analysis.rom.imageBytes / largest)),
          opacity: 0.8,
          line: { color: "#ffffff", width: 1 },
        },
      },
    ],
    layout: {
      title: { text: `Offload rate by ${basis} against latency (area: ROM)`, x: 0, xanchor: "left" },
      height: 480,
      showlegend: false,
      xaxis: axis(`share on the NPU by ${basis} (%)`, { range: rangeOf(rates) }),
      yaxis: axis("one inference (ms)", { type: "log", dtick: "D2" }),
    },
    alt: `Scatter plot. ${analyses
      .map(
        (analysis, index) =>
          `${shortName(analysis)}: ${rates[index]!.toFixed(1)} % by ${basis}, ${significant.format(analysis.latency.ms)} ms (${significant.format(analysis.latency.low)} to ${significant.format(analysis.latency.high)})`,
      )
      .join("; ")}.`,
  });
}
