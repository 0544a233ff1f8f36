import type { Analysis } from "../analyze/record.js";
import { shortName } from "../table/analyses.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

/** One bar per pool, as a share of its size: weights and activations. Pools of size 0 are left out. */
export function poolsFigure(analysis: Analysis): Figure {
  const pools = analysis.memory.pools.filter((pool) => pool.sizeBytes > 0);
  const whole = new Intl.NumberFormat("en-US");
  const bar = (name: string, colour: string, bytes: (pool: (typeof pools)[number]) => number) => ({
    type: "bar",
    orientation: "h",
    name,
    y: pools.map((pool) => pool.name),
    x: pools.map((pool) => (bytes(pool) / pool.sizeBytes) * 100),
    customdata: pools.map((pool) => [whole.format(bytes(pool)), whole.format(pool.sizeBytes)]),
    hovertemplate: `%{y}<br>%{customdata[0]} of %{customdata[1]} B (%{x:.2f} %)<extra>${name}</extra>`,
    marker: { color: colour },
  });
  return figure({
    data: [
      bar("weights", PALETTE.vermillion, (pool) => pool.weightBytes),
      bar("activations", PALETTE.blue, (pool) => pool.activationBytes),
    ],
    layout: {
      title: { text: `How full the memory pools are: ${shortName(analysis)}`, x: 0, xanchor: "left" },
      barmode: "stack",
      height: 180 + 30 * pools.length,
      margin: { l: 70, r: 24, t: 90, b: 56 },
      xaxis: axis("% of the pool", { range: [0, 100] }),
      yaxis: axis("", { autorange: "reversed" }),
    },
    alt: `Bars. ${pools
      .map(
        (pool) =>
          `${pool.name} of ${whole.format(pool.sizeBytes)} B: weights ${whole.format(pool.weightBytes)} B, activations ${whole.format(pool.activationBytes)} B`,
      )
      .join("; ")}.`,
  });
}
