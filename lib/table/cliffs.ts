/** A walk over networks as Arquero tables: its points, and the cliffs among them. */
import { type ColumnTable, from } from "arquero";
import type { CliffFlip, CliffJump, CliffMetric, CliffReport } from "../analyze/record.js";
import { formatCell } from "./columns.js";

const NAMED_NODES = 3;

const BYTES = (value: number) => `${formatCell("_bytes", value)} B`;
const EPOCHS = (value: number) => formatCell("count", value);
const YES = (value: number) => (value > 0 ? "yes" : "no");

/** How a figure that jumped is called and written. */
const METRICS: Readonly<Record<CliffMetric, { readonly name: string; write(value: number): string }>> = {
  rom: { name: "ROM", write: BYTES },
  ram: { name: "RAM", write: BYTES },
  latency: { name: "latency", write: (value) => `${formatCell("_ms", value)} ms` },
  epochs: { name: "epochs", write: EPOCHS },
  hybrid: { name: "hybrid epochs", write: EPOCHS },
  sw: { name: "epochs on the CPU", write: EPOCHS },
  bank: { name: "tensor beyond a bank", write: YES },
  external: { name: "external RAM", write: YES },
  fits: { name: "fits", write: YES },
};

/** Returns one jump in words: `ROM 287,297 B → 350,000 B (trend: 300,000 B, +16.7 %)`. */
export function jumpSentence({ metric, before, after, expected }: CliffJump): string {
  const { name, write } = METRICS[metric];
  const change = `${name} ${write(before)} → ${write(after)}`;
  if (metric !== "rom" && metric !== "ram" && metric !== "latency") return change;
  const percent = (after / expected - 1) * 100;
  return `${change} (trend ${write(expected)}, ${percent > 0 ? "+" : "−"}${Math.abs(percent).toFixed(1)} %)`;
}

/** Returns what flipped in words: rule, nodes, both sides. */
export function flipSentence({ kind, rule, nodes, before, after }: CliffFlip): string {
  const more = nodes.length > NAMED_NODES ? ` and ${nodes.length - NAMED_NODES} more` : "";
  const where = nodes.length > 0 ? ` ${nodes.slice(0, NAMED_NODES).join(", ")}${more}` : "";
  return `${rule || kind}${where}: ${before} → ${after}`;
}

/** Returns what a flip is called and whom it happens to, without the two sides. */
function flipName({ kind, rule, nodes }: CliffFlip): string {
  const more = nodes.length > NAMED_NODES ? ` and ${nodes.length - NAMED_NODES} more` : "";
  const where = nodes.length > 0 ? ` (${nodes.slice(0, NAMED_NODES).join(", ")}${more})` : "";
  return `${rule || kind}${where}`;
}

/** One flip of each rule or kind, in their order: those that change most come first. */
function firstOfEach(flips: readonly CliffFlip[]): readonly CliffFlip[] {
  return [...new Map(flips.toReversed().map((flip) => [flip.rule || flip.kind, flip])).values()].toReversed();
}

/** One row per cliff: where, what jumped, which rules or mechanisms flipped; `flipsTable` has both sides. */
export function cliffsTable(report: CliffReport): ColumnTable {
  return from(
    report.runs.flatMap(({ target, cliffs }) =>
      cliffs.map(({ from: low, to, jumps, flips }) => ({
        tool: target.tool,
        [report.axis.name]: `${low} → ${to}`,
        jumps: jumps.map(jumpSentence).join("; "),
        flipped: firstOfEach(flips).map(flipName).join("; ") || "no rule",
      })),
    ),
  );
}

/** One row per cliff and thing that flipped, both sides in full. */
export function flipsTable(report: CliffReport): ColumnTable {
  return from(
    report.runs.flatMap(({ target, cliffs }) =>
      cliffs.flatMap(({ from: low, to, flips }) =>
        flips.map(({ kind, rule, nodes, before, after }) => ({
          tool: target.tool,
          [report.axis.name]: `${low} → ${to}`,
          kind,
          rule,
          nodes: nodes.slice(0, NAMED_NODES).join(", "),
          of_nodes: nodes.length,
          before,
          after,
        })),
      ),
    ),
  );
}

/** One row per point; those without a network have their error. */
export function cliffPointsTable(report: CliffReport): ColumnTable {
  return from(
    report.runs.flatMap(({ target, points }) =>
      points.map(({ value, figures, error }) => ({
        tool: target.tool,
        [report.axis.name]: String(value),
        work_macs: figures?.macs ?? null,
        rom_bytes: figures?.romBytes ?? null,
        ram_bytes: figures?.ramBytes ?? null,
        external_bytes: figures?.externalBytes ?? null,
        epochs: figures?.epochs ?? null,
        hybrid: figures?.hybrid ?? null,
        sw: figures?.sw ?? null,
        inference_ms: figures?.ms ?? null,
        interval: figures ? `${formatCell("_ms", figures.low)} to ${formatCell("_ms", figures.high)}` : "",
        error: error ?? "",
      })),
    ),
  );
}
