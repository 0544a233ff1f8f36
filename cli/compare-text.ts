import type { Comparison } from "../lib/analyze/compare-record.js";
import { settingSentence, verdict } from "../lib/report/compare-report.js";
import { headerOf } from "../lib/table/columns.js";
import {
  comparedBuffersTable,
  comparedEpochsTable,
  comparedPoolsTable,
  comparedRulesTable,
  comparedTotalsTable,
  sideLabels,
} from "../lib/table/compare.js";
import { tableToText } from "../lib/table/show.js";

/** Returns a comparison as text for a terminal: totals, and what differs. */
export function comparisonText(comparison: Comparison): string {
  const { network, left, right, epochs, buffers, pools, notes } = comparison;
  const [a, b] = sideLabels(comparison).map(headerOf);
  const rules = comparedRulesTable(comparison);
  const differing = { differing: true } as const;
  const section = (caption: string, table: ReturnType<typeof comparedTotalsTable>) =>
    tableToText(table, { caption, limit: 60 });
  return [
    `${network}\n${a}: ${left.title}, ${settingSentence(left)}\n${b}: ${right.title}, ${settingSentence(right)}`,
    verdict(comparison),
    section("Totals", comparedTotalsTable(comparison)),
    ...(pools.length > 0 ? [section("Memory pools", comparedPoolsTable(comparison))] : []),
    ...(epochs.some(({ differs }) => differs)
      ? [section("Epochs that differ", comparedEpochsTable(comparison, differing))]
      : []),
    ...((buffers ?? []).some(({ difference }) => difference !== 0)
      ? [section("Buffers that differ", comparedBuffersTable(comparison, differing))]
      : []),
    ...(rules.numRows() > 0 ? [section("The rules in full", rules)] : []),
    ...notes.map((note) => `Note: ${note}`),
  ].join("\n\n");
}
