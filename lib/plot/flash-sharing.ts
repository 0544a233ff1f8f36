import type { FlashUser, SharedFlash } from "../memory/what-if-shared-flash.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const ROWS: readonly { readonly user: FlashUser; readonly title: string; readonly colour: string }[] = [
  { user: "inference", title: "inference (flash mapped)", colour: PALETTE.blue },
  { user: "logger", title: "logger (through the driver)", colour: PALETTE.orange },
];

/** Returns who holds a shared flash when: a row per user, a box per turn, thin lines where a turn waits. */
export function flashSharingFigure(shared: SharedFlash): Figure {
  const traces = ROWS.flatMap(({ user, title, colour }, row) => {
    const turns = shared.turns.filter((turn) => turn.user === user);
    const level = ROWS.length - row;
    const line = (
      pairs: readonly (readonly [number, number])[],
      width: number,
      name: string,
      shown: boolean,
    ) => ({
      type: "scatter",
      mode: "lines",
      name,
      showlegend: shown,
      // A gap after each pair keeps turns apart.
      x: pairs.flatMap(([from, to]) => [from, to, null]),
      y: pairs.flatMap(() => [level, level, null]),
      line: { color: colour, width },
      hovertemplate: `%{x:.2f} ms<extra>${name}</extra>`,
    });
    const waits = turns.filter(({ askedMs, from }) => from > askedMs);
    return [
      line(
        turns.map(({ from, to }) => [from, to]),
        14,
        title,
        true,
      ),
      line(
        waits.map(({ askedMs, from }) => [askedMs, from]),
        2,
        `${user} waits`,
        false,
      ),
    ];
  });
  const { longestWaitMs: wait, load, mappedShare } = shared;
  const words = `longest wait: inference ${wait.inference.toFixed(2)} ms, logger ${wait.logger.toFixed(2)} ms; load ${(load * 100).toFixed(0)} %, mapped ${(mappedShare * 100).toFixed(0)} % of the time`;
  return figure({
    data: traces,
    layout: {
      title: { text: `Who has the flash: ${words}`, x: 0, xanchor: "left" },
      height: 260,
      margin: { l: 80, r: 24, t: 90, b: 56 },
      xaxis: axis("ms"),
      yaxis: axis("", { tickvals: [2, 1], ticktext: ["inference", "logger"], range: [0.4, 2.6] }),
    },
    alt: `Time line of ${shared.turns.length} turns at one flash. ${words}.`,
  });
}
