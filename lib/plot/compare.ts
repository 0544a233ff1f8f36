import type { BufferRole, Comparison } from "../analyze/compare-record.js";
import { headerOf } from "../table/columns.js";
import { sideLabels } from "../table/compare.js";
import { axis, type Figure, figure, PALETTE } from "./figure.js";

const ROLES: Readonly<Record<BufferRole, string>> = {
  kernel: "kernels",
  scale: "scales",
  bias: "biases",
  zeroOffset: "zero offsets",
  constant: "other constants",
};

const whole = new Intl.NumberFormat("en-US");
const KIB = 1024;

/** Two bars per role of parameter buffers; null where a side lists none. */
export function comparedBuffersFigure(comparison: Comparison): Figure | null {
  const { buffers } = comparison;
  if (buffers === null || buffers.length === 0) return null;
  const roles = (Object.keys(ROLES) as BufferRole[]).filter((role) =>
    buffers.some((row) => row.role === role),
  );
  const sums = (side: "left" | "right") =>
    roles.map((role) =>
      buffers.reduce((sum, row) => sum + (row.role === role ? (row[side]?.bytes ?? 0) : 0), 0),
    );
  const sides = [sums("left"), sums("right")] as const;
  const labels = sideLabels(comparison).map(headerOf);
  return figure({
    data: sides.map((totals, index) => ({
      type: "bar",
      orientation: "h",
      name: labels[index]!,
      y: roles.map((role) => ROLES[role]),
      x: totals.map((bytes) => bytes / KIB),
      text: totals.map((bytes) => `${whole.format(bytes)} B`),
      textposition: "auto",
      hovertemplate: `%{y}<br>%{text}<extra>${labels[index]}</extra>`,
      marker: { color: index === 0 ? PALETTE.blue : PALETTE.orange },
    })),
    layout: {
      title: { text: "Parameter buffers by role", x: 0, xanchor: "left" },
      barmode: "group",
      height: 150 + 56 * roles.length,
      margin: { l: 110, r: 24, t: 90, b: 56 },
      xaxis: axis("KiB"),
      yaxis: axis("", { autorange: "reversed" }),
    },
    alt: `Bars by role. ${roles
      .map(
        (role, index) =>
          `${ROLES[role]}: ${sides.map((totals, side) => `${labels[side]} ${whole.format(totals[index]!)} B`).join(", ")}`,
      )
      .join("; ")}.`,
  });
}

/** Times of the epochs that both sides time, in running order; null where one side has no times. */
export function comparedTimesFigure(comparison: Comparison): Figure | null {
  const rows = comparison.epochs.filter(({ left, right }) => left?.ms != null && right?.ms != null);
  if (rows.length === 0) return null;
  const labels = sideLabels(comparison).map(headerOf);
  const [left, right] = [rows.map((row) => row.left!.ms!), rows.map((row) => row.right!.ms!)];
  return figure({
    data: [left, right].map((times, index) => ({
      type: "bar",
      name: labels[index]!,
      x: rows.map((row) => row.right!.index),
      y: times,
      hovertemplate: `epoch %{x}<br>%{y:.3f} ms<extra>${labels[index]}</extra>`,
      marker: { color: index === 0 ? PALETTE.blue : PALETTE.orange },
    })),
    layout: {
      title: { text: "Time of each epoch", x: 0, xanchor: "left" },
      barmode: "group",
      height: 380,
      margin: { l: 70, r: 24, t: 90, b: 56 },
      xaxis: axis("epoch", { dtick: rows.length > 30 ? 10 : 1 }),
      yaxis: axis("ms"),
    },
    alt: `Bars per epoch. ${rows.map((row, index) => `epoch ${row.right!.index}: ${labels[0]} ${left[index]!.toFixed(3)} ms, ${labels[1]} ${right[index]!.toFixed(3)} ms`).join("; ")}.`,
  });
}
