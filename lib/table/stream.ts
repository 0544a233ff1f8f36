/** Weights that stream, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { K210Analysis } from "../analyze/k210-record.js";
import type { MaixRow } from "../stream/maixpy.js";
import type { StreamSchedule } from "../stream/record.js";

/** One row per layer of a schedule: what it loads, computes and waits. */
export function streamLayersTable({ layers }: StreamSchedule): ColumnTable {
  return from(
    layers.map(({ name, bytes, batches, loadMs, computeMs, waitMs, startMs, endMs, bound }) => ({
      layer: name,
      constants_bytes: bytes,
      batches,
      load_ms: loadMs,
      compute_ms: computeMs,
      wait_ms: waitMs,
      start_ms: startMs,
      end_ms: endMs,
      bound_by: bound,
    })),
  );
}

/** One row per store and mode of a K210 analysis: the frame, what it waits, and when loading once pays. */
export function k210RunsTable({ resident, loadOnceMs, runs }: K210Analysis): ColumnTable {
  return from([
    {
      store: "RAM",
      mode: "resident",
      frame_ms: resident.totalMs,
      load_ms: 0,
      wait_ms: 0,
      hidden_share: null,
      buffer_bytes: resident.bufferBytes,
      before_first_frame_ms: loadOnceMs,
      break_even_frames: null,
    },
    ...runs.map(({ store, mode, schedule, startMs, breakEvenFrames }) => ({
      store,
      mode,
      frame_ms: schedule.totalMs,
      load_ms: schedule.loadMs,
      wait_ms: schedule.waitMs,
      hidden_share: schedule.hiddenShare,
      buffer_bytes: schedule.bufferBytes,
      before_first_frame_ms: startMs,
      break_even_frames: breakEvenFrames,
    })),
  ]);
}

/** One row per layer on the K210: what it takes of the unit's memory, whether it fits, how long it computes. */
export function k210LayersTable({ layers, memoryBytes }: K210Analysis): ColumnTable {
  return from(
    layers.map(({ node, kind, map, macs, readBytes, writtenBytes, fits, computeMs }) => ({
      layer: node,
      kind,
      map,
      work_macs: macs,
      reads_bytes: readBytes,
      writes_bytes: writtenBytes,
      of_memory_share: (readBytes + writtenBytes) / memoryBytes,
      fits: fits ? "yes" : "no",
      compute_ms: computeMs,
    })),
  );
}

/** One row per reason why a network cannot run on the K210; empty when it can. */
export function k210ObstaclesTable({ obstacles }: K210Analysis): ColumnTable {
  return from(obstacles.map(({ node, op, rule, why, fix }) => ({ layer: node, op, rule, why, fix })));
}

/** One row per figure of the forum and form of the law, with its error. */
export function maixTable(rows: readonly MaixRow[]): ColumnTable {
  return from(
    rows.map(({ law, store, givenMs, evidence, predictedMs, error, fitted }) => ({
      law,
      store,
      given_ms: givenMs,
      evidence,
      predicted_ms: predictedMs,
      error_share: error,
      used_to_fit: fitted ? "yes" : "no",
    })),
  );
}
