/** Differences between two networks, as an Arquero table. */
import { type ColumnTable, from } from "arquero";

export interface DifferenceRow {
  readonly kind: string;
  readonly change: string;
  readonly at: string;
  readonly what: string;
  readonly a: string | null;
  readonly b: string | null;
  readonly elements?: number;
  readonly maxAbsDifference?: number;
}

/** One row per difference, in the order of the network. */
export function differencesTable(rows: readonly DifferenceRow[]): ColumnTable {
  return from(
    rows.map(({ change, kind, at, what, a, b, elements, maxAbsDifference }) => ({
      change,
      kind,
      at,
      what,
      a: a ?? "",
      b: b ?? "",
      elements: elements ?? null,
      max_abs_difference: maxAbsDifference ?? null,
    })),
  );
}
