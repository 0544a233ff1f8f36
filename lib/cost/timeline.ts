/**
 * When each resource works during an inference. Epochs follow one another; within one, the units of the NPU,
 * the flash, external RAM and the bus ports start together and the slowest ends it, while the others wait.
 *
 * Example: an epoch of 10 us set-up by the controller, 2 us of computing and 5 us of weights:
 *
 *   us      0         10  12    15
 *   NPU               ▓▓▓▓            busy 2, waits 3 for the flash
 *   flash             ▓▓▓▓▓▓▓▓▓▓      busy 5
 */
import type { EpochKind } from "../targets/neural-art/records.js";
import { coreOf, type EpochCost } from "./estimate.js";
import type { Bound } from "./records.js";

export const LANES = ["npu", "cpu", "flash", "external", "ports"] as const;
export type Lane = (typeof LANES)[number];

export interface TimelineSpan {
  readonly lane: Lane;
  /** 1-based, as in the plan. */
  readonly epoch: number;
  readonly kind: EpochKind;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LaneUse {
  readonly lane: Lane;
  readonly busyMs: number;
  /** Of the whole inference. */
  readonly share: number;
}

/** The NPU's units idle because something else is not ready. */
export interface Stall {
  /** What they wait for: cpu for software and the preparation of hybrid epochs, setup between epochs. */
  readonly cause: Bound;
  readonly ms: number;
  readonly epochs: number;
}

export interface Timeline {
  readonly ms: number;
  /** In order of epochs. */
  readonly spans: readonly TimelineSpan[];
  readonly lanes: readonly LaneUse[];
  /** Longest first; with the busy time of the NPU they add up to the inference. */
  readonly stalls: readonly Stall[];
}

/** Returns how long the NPU's own units work in an epoch. */
function unitsBusy({ kind, parts }: EpochCost): number {
  return kind === "sw" ? 0 : Math.max(parts.compute, parts.output, parts.input);
}

export interface TimelineRequest {
  readonly perEpoch: readonly EpochCost[];
  /** Without it the CPU sets every epoch up. */
  readonly epochController: boolean;
}

/** Returns the timeline of an inference. O(epochs). */
export function timelineOf({ perEpoch, epochController }: TimelineRequest): Timeline {
  const spans: TimelineSpan[] = [];
  const stalls = new Map<Bound, { ms: number; epochs: number }>();
  const waits = (cause: Bound, ms: number) => {
    if (ms <= 0) return;
    const known = stalls.get(cause) ?? { ms: 0, epochs: 0 };
    stalls.set(cause, { ms: known.ms + ms, epochs: known.epochs + 1 });
  };
  let clock = 0;
  for (const cost of perEpoch) {
    const { index: epoch, kind, parts } = cost;
    const add = (lane: Lane, fromMs: number, length: number) => {
      if (length > 0) spans.push({ lane, epoch, kind, fromMs, toMs: fromMs + length });
    };
    const byCpu = parts.cpu + (epochController ? 0 : parts.setup);
    add("cpu", clock, byCpu);
    waits("cpu", parts.cpu);
    waits("setup", parts.setup);
    const start = clock + parts.cpu + parts.setup;
    if (kind !== "sw") {
      const busy = unitsBusy(cost);
      const core = coreOf(parts);
      add("npu", start, busy);
      add("flash", start, parts.flash);
      add("external", start, parts.external);
      add("ports", start, parts.ports);
      if (core > busy) waits(slowest(cost), core - busy);
    }
    clock += cost.ms;
  }
  const busyOf = (lane: Lane) =>
    spans.reduce((total, span) => (span.lane === lane ? total + span.toMs - span.fromMs : total), 0);
  return {
    ms: clock,
    spans,
    lanes: LANES.map((lane) => {
      const busyMs = busyOf(lane);
      return { lane, busyMs, share: clock === 0 ? 0 : busyMs / clock };
    }),
    stalls: [...stalls].map(([cause, stall]) => ({ cause, ...stall })).sort((a, b) => b.ms - a.ms),
  };
}

function slowest({ parts }: EpochCost): Bound {
  if (parts.external >= parts.flash && parts.external >= parts.ports) return "external";
  return parts.flash >= parts.ports ? "flash" : "ports";
}
