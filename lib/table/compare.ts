/** Two accounts of a network as Arquero tables: totals, pools, epochs and buffers, left beside right. */
import { type ColumnTable, from } from "arquero";
import {
  type Comparison,
  type EpochRow,
  type Explanation,
  NOT_EXPLAINED,
  type SideEpoch,
  type TotalRow,
} from "../analyze/compare-record.js";
import { formatCell } from "./columns.js";

/** Returns short names of the sides, fit for column names: `predicted`, `reported`, `tool_2.1`. */
export function sideLabels({ left, right }: Comparison): readonly [string, string] {
  if (left.source === "predicted") return ["predicted", "reported"];
  if (left.tool !== right.tool) return [`tool_${left.tool ?? "unknown"}`, `tool_${right.tool ?? "unknown"}`];
  return ["left", "right"];
}

/** Returns an explanation as one cell: the rule, then its sentence. */
export function explanationText(explanation: Explanation | null, differs: boolean): string {
  if (explanation === null) return differs ? NOT_EXPLAINED : "";
  return explanation.rule === null ? explanation.text : `${explanation.rule}: ${explanation.text}`;
}

const SUFFIX = { bytes: "_bytes", count: "", ms: "_ms" } as const;
const UNIT = { bytes: " B", count: "", ms: " ms" } as const;

function figure({ unit }: TotalRow, value: number | null): string {
  return value === null ? "–" : `${formatCell(SUFFIX[unit], value)}${UNIT[unit]}`;
}

function signed(row: TotalRow): string {
  const { difference } = row;
  if (difference === null) return "";
  if (difference === 0) return "equal";
  return `${difference > 0 ? "+" : "−"}${figure(row, Math.abs(difference))}`;
}

/** One row per total that at least one side knows. */
export function comparedTotalsTable(comparison: Comparison): ColumnTable {
  const [left, right] = sideLabels(comparison);
  return from(
    comparison.totals
      .filter((row) => row.left !== null || row.right !== null)
      .map((row) => ({
        what: row.what,
        [left]: figure(row, row.left),
        [right]: figure(row, row.right),
        difference: signed(row),
        why: explanationText(row.explanation, row.differs),
      })),
  );
}

/** One row per memory pool that either side uses. */
export function comparedPoolsTable(comparison: Comparison): ColumnTable {
  const [left, right] = sideLabels(comparison);
  return from(
    comparison.pools.map((row) => ({
      pool: row.name,
      [`weights_${left}_bytes`]: row.left?.weightBytes ?? null,
      [`weights_${right}_bytes`]: row.right?.weightBytes ?? null,
      [`activations_${left}_bytes`]: row.left?.activationBytes ?? null,
      [`activations_${right}_bytes`]: row.right?.activationBytes ?? null,
    })),
  );
}

/** `hw 12`, `ec 3-7`; a dash for nothing. */
function place(epoch: SideEpoch | null): string {
  if (epoch === null) return "–";
  const numbers = epoch.last === epoch.index ? `${epoch.index}` : `${epoch.index}-${epoch.last}`;
  return `${numbers} ${epoch.kind === "unknown" ? "?" : epoch.kind}`;
}

function work(epoch: SideEpoch | null): string {
  return epoch?.ops.join(" + ") ?? "";
}

/** One row per pair of epochs, in running order; `differing` leaves out those that agree. */
export function comparedEpochsTable(
  comparison: Comparison,
  { differing = false }: { readonly differing?: boolean } = {},
): ColumnTable {
  const [left, right] = sideLabels(comparison);
  const rows = comparison.epochs.filter(({ differs }) => differs || !differing);
  const timed = (side: "left" | "right") => rows.some((row) => (row[side]?.ms ?? null) !== null);
  const [leftTimed, rightTimed] = [timed("left"), timed("right")];
  const told = (side: "left" | "right") => rows.some((row) => (row[side]?.nodes.length ?? 0) > 0);
  const named = told("left") ? "left" : "right";
  return from(
    rows.map((row: EpochRow) => ({
      [left]: place(row.left),
      [right]: place(row.right),
      [`operators, ${left}`]: work(row.left),
      [`operators, ${right}`]: work(row.right),
      ...(leftTimed ? { [`${left}_ms`]: row.left?.ms ?? null } : {}),
      ...(rightTimed ? { [`${right}_ms`]: row.right?.ms ?? null } : {}),
      why: explanationText(row.explanation, row.differs),
      nodes: (row[named] ?? row.left ?? row.right)?.nodes.join(", ") ?? "",
    })),
  );
}

/** One row per pair of parameter buffers; `differing` leaves out those of equal size. */
export function comparedBuffersTable(
  comparison: Comparison,
  { differing = false }: { readonly differing?: boolean } = {},
): ColumnTable {
  const [left, right] = sideLabels(comparison);
  const rows = (comparison.buffers ?? []).filter(({ difference }) => difference !== 0 || !differing);
  return from(
    rows.map((row) => ({
      role: row.role === "zeroOffset" ? "zero offset" : row.role,
      [`${left}_bytes`]: row.left?.bytes ?? null,
      [`${right}_bytes`]: row.right?.bytes ?? null,
      difference_bytes: row.difference,
      why: explanationText(row.explanation, row.difference !== 0),
      [`buffer, ${left}`]: row.left?.name ?? "–",
      [`buffer, ${right}`]: row.right?.name ?? "–",
      ...(row.left?.rule || comparison.left.source === "predicted"
        ? { "predicted by": row.left?.rule?.rule ?? "" }
        : {}),
    })),
  );
}

/** One row per rule whose sentence is too long for the rows that it explains. */
export function comparedRulesTable({ totals, epochs, buffers }: Comparison): ColumnTable {
  const sentences = new Map<string, string>();
  for (const { explanation } of [...totals, ...epochs, ...(buffers ?? [])]) {
    if (explanation?.rule && explanation.sentence) sentences.set(explanation.rule, explanation.sentence);
  }
  return from([...sentences].map(([rule, sentence]) => ({ rule, sentence })));
}
