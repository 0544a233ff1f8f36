/**
 * Judges a schedule the slow, obvious way: time passes from event to event, and at each the rules are asked
 * again. It shares no code with the law beyond the records and the rate of a store.
 */
import type { StreamRequest, StreamSchedule, StreamStep } from "./record.js";
import { bytesPerMs } from "./store.js";

export interface StreamViolation {
  readonly code:
    | "EARLY"
    | "OVERFULL"
    | "TWO_READS"
    | "TWO_LAYERS"
    | "AHEAD"
    | "ORDER"
    | "AMOUNT"
    | "DURATION"
    | "TOTAL";
  readonly message: string;
}

/** Rounding of sums of floating-point times. */
const TOLERANCE_MS = 1e-6;

const close = (a: number, b: number) =>
  Math.abs(a - b) <= TOLERANCE_MS * Math.max(1, Math.abs(a), Math.abs(b));

/** Returns the bytes of a layer that have arrived by `time`: a read delivers evenly. */
function arrived(loads: readonly StreamStep[], time: number): number {
  return loads.reduce((total, { startMs, endMs, bytes }) => {
    const share = endMs <= time ? 1 : Math.max(0, (time - startMs) / (endMs - startMs));
    return total + bytes * share;
  }, 0);
}

/**
 * Returns why a schedule is bad; empty when it is sound. No batch is computed with before it is there (in mode
 * `fraction`, no more of a layer than is there), no buffer holds more than it may, one read and one layer at a
 * time, every byte read once, every layer computed whole and in order. O(steps²).
 */
export function validateSchedule(
  { layers, store, streaming }: StreamRequest,
  { steps, totalMs }: StreamSchedule,
): readonly StreamViolation[] {
  const violations: StreamViolation[] = [];
  const bad = (code: StreamViolation["code"], message: string) => violations.push({ code, message });
  const loads = steps.filter(({ kind }) => kind === "load");
  const computes = steps.filter(({ kind }) => kind === "compute");
  const times = [...new Set(steps.flatMap(({ startMs, endMs }) => [startMs, endMs]))].sort((a, b) => a - b);

  for (const [kind, code, busy] of [
    ["read", "TWO_READS", loads],
    ["layer", "TWO_LAYERS", computes],
  ] as const) {
    for (const time of times) {
      const now = busy.filter(
        ({ startMs, endMs }) => startMs + TOLERANCE_MS < time && time < endMs - TOLERANCE_MS,
      );
      const begun = busy.filter(({ startMs, endMs }) => startMs === time && endMs - startMs > TOLERANCE_MS);
      if (now.length + begun.length > 1) bad(code, `at ${time} ms more than one ${kind} is under way`);
    }
  }

  for (const [index, layer] of layers.entries()) {
    const own = computes.filter((step) => step.layer === index);
    const read = loads.filter((step) => step.layer === index);
    const needed = streaming.mode === "resident" ? 0 : layer.bytes;
    const got = read.reduce((total, { bytes }) => total + bytes, 0);
    if (got !== needed) bad("AMOUNT", `layer '${layer.name}' reads ${got} B of ${needed} B`);
    const spent = own.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0);
    if (!close(spent, layer.computeMs)) {
      bad("DURATION", `layer '${layer.name}' computes ${spent} ms of ${layer.computeMs} ms`);
    }
    for (const { bytes, startMs, endMs } of read) {
      const expected = store.setupMs.value + bytes / bytesPerMs(store);
      if (!close(endMs - startMs, expected)) {
        bad("DURATION", `a read of ${bytes} B takes ${endMs - startMs} ms, expected ${expected} ms`);
      }
    }
    if (streaming.mode === "resident") continue;
    for (const step of own) {
      const before = own
        .filter(({ batch }) => batch < step.batch)
        .reduce((total, { bytes }) => total + bytes, 0);
      const asked =
        streaming.mode === "fraction"
          ? [0, 0.25, 0.5, 0.75, 1].map((part) => [part, step.bytes * part] as const)
          : [[0, step.bytes] as const];
      for (const [part, bytes] of asked) {
        const time = step.startMs + part * (step.endMs - step.startMs);
        if (arrived(read, time) + 1e-6 * Math.max(1, layer.bytes) < before + bytes) {
          bad("EARLY", `layer '${layer.name}' computes at ${time} ms with bytes that are not there`);
        }
      }
    }
  }

  if (streaming.mode === "double" && streaming.overlap === "layer") {
    for (const load of loads) {
      const earlier = computes.filter(({ layer }) => layer < load.layer);
      if (earlier.some(({ endMs }) => endMs > load.startMs + TOLERANCE_MS)) {
        bad("AHEAD", `layer '${layers[load.layer]!.name}' is read while an earlier one computes`);
      }
    }
  }

  const order = computes.map(({ layer, batch }) => layer * 1e6 + batch);
  if (order.some((place, index) => index > 0 && place <= order[index - 1]!)) {
    bad("ORDER", "layers or their batches do not compute in running order");
  }

  if (streaming.mode === "single" || streaming.mode === "double") {
    const slots = streaming.mode === "single" ? 1 : 2;
    const { batchBytes, bufferBytes } = streaming;
    const limit = Math.min(
      bufferBytes ?? Number.POSITIVE_INFINITY,
      batchBytes === undefined ? Number.POSITIVE_INFINITY : batchBytes * slots,
    );
    for (const time of times) {
      // A batch holds its buffer from the start of its read to the end of its use.
      const held = loads.filter((load) => {
        const use = computes.find(({ layer, batch }) => layer === load.layer && batch === load.batch);
        return load.startMs <= time && time + TOLERANCE_MS < (use?.endMs ?? Number.POSITIVE_INFINITY);
      });
      const bytes = held.reduce((total, load) => total + load.bytes, 0);
      if (bytes > limit) bad("OVERFULL", `at ${time} ms buffers hold ${bytes} B, at most ${limit} B`);
      if (held.length > slots)
        bad("OVERFULL", `at ${time} ms ${held.length} batches are held in ${slots} buffers`);
    }
  }

  const end = Math.max(0, ...steps.map(({ endMs }) => endMs));
  if (!close(end, totalMs)) bad("TOTAL", `the last step ends at ${end} ms, the schedule says ${totalMs} ms`);
  return violations;
}
