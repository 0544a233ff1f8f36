/** What moving weights between memories does, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { MovesAnalysis, TimeRange } from "../analyze/moves-record.js";
import { formatCell } from "./columns.js";

const interval = ({ low, high }: TimeRange) => `${formatCell("_ms", low)} to ${formatCell("_ms", high)}`;

/** One row per layer that saves time in internal RAM, best per byte first, with running totals. */
export function movesTable({ moves }: MovesAnalysis): ColumnTable {
  return from(
    moves.map((move, index) => ({
      rank: index + 1,
      layer: move.layer,
      epochs: move.epochs.join(", "),
      constants_bytes: move.bytes,
      saves_ms: move.saved.ms,
      interval: interval(move.saved),
      us_saved_per_kib: move.msPerKib * 1000,
      within_room: move.chosen ? "move" : "",
      all_so_far_bytes: move.cumulativeBytes,
      all_so_far_save_ms: move.cumulativeSavedMs,
    })),
  );
}

/** One row per epoch with constants: its time with them in flash, in PSRAM and in internal RAM. */
export function epochMemoriesTable({ epochs }: MovesAnalysis): ColumnTable {
  return from(
    epochs.map(({ epoch, layer, bytes, bound, weightBound, octoFlashMs, hyperRamMs, internalMs }) => ({
      epoch,
      layer,
      constants_bytes: bytes,
      bound_by: bound,
      weight_bound: weightBound ? "yes" : "no",
      flash_ms: octoFlashMs,
      psram_ms: hyperRamMs,
      internal_ms: internalMs,
    })),
  );
}

/** One row per place for the constants: the inference with its interval. */
export function placesTable({ now, store, weightBytes, chosen, everything }: MovesAnalysis): ColumnTable {
  const row = (constants: string, range: TimeRange, moved: number) => ({
    constants,
    moved_bytes: moved,
    inference_ms: range.ms,
    interval: interval(range),
    saves_ms: now.ms - range.ms,
  });
  return from([
    row(`all in ${store}, as planned`, now, 0),
    row("the best set in internal RAM", chosen.then, chosen.bytes),
    row("all in hyperRAM", everything.hyperRam, weightBytes),
    row("all in internal RAM, if it held them", everything.internal, weightBytes),
  ]);
}
