/**
 * From steps to epochs. An epoch is a chain of units that stream into each other; memory lies between epochs.
 *
 *   steps   Conv  Add(residual)  Sub  Conv  MaxPool  Softmax
 *   ARITH    2         1          1    2       0     (CPU)
 *   epochs  └──────── 1: 4 of 4 ────┘ └──── 2 ────┘ └─ 3 ─┘
 *
 * A step joins the epoch that is open when it streams, reads what that epoch computes, and the units suffice.
 * Layers never join: they read their input once per group of kernels, so it must lie in memory.
 */
import type { Tensor } from "../../../graph/tensor.js";
import { macs } from "../../../units.js";
import type { Epoch } from "../records.js";
import { addUnits, fits, type Step, type UnitNeeds } from "./step.js";

interface Draft {
  readonly steps: Step[];
  units: UnitNeeds;
  readonly computed: Set<Tensor>;
  sealed: boolean;
}

function mayJoin(step: Step, open: Draft | undefined): open is Draft {
  if (!open || open.sealed || step.kind !== "hw" || open.steps[0]?.kind !== "hw") return false;
  const streams = step.reads.some((tensor) => open.computed.has(tensor));
  if (!streams && !readTogether(step, open)) return false;
  return fits(addUnits(open.units, step.units)) && step.joins(open);
}

/** Subtractions of one tensor for several readers read it once. */
function readTogether(step: Step, open: Draft): boolean {
  return step.op === "Sub" && open.steps.every(({ op, reads }) => op === "Sub" && reads[0] === step.reads[0]);
}

/** Returns the epochs in running order; `kept` are tensors that must be in memory at the end. O(steps). */
export function packSteps(steps: readonly Step[], kept: readonly Tensor[]): readonly Epoch[] {
  const drafts: Draft[] = [];
  for (const step of steps) {
    let open = drafts.at(-1);
    if (mayJoin(step, open)) {
      open.steps.push(step);
      open.units = addUnits(open.units, step.units);
    } else {
      open = { steps: [step], units: step.units, computed: new Set(), sealed: false };
      drafts.push(open);
    }
    for (const tensor of step.writes) open.computed.add(tensor);
    if (step.seals) open.sealed = true;
  }
  // What is read by two epochs is read by another one than its own.
  const readers = new Map<Tensor, Draft | "several">();
  for (const draft of drafts) {
    for (const { reads } of draft.steps) {
      for (const tensor of reads) {
        const known = readers.get(tensor);
        if (known !== draft) readers.set(tensor, known === undefined ? draft : "several");
      }
    }
  }
  const ends = new Set(kept);
  return drafts.map((draft, position) => {
    const leaves = (tensor: Tensor) => {
      const reader = readers.get(tensor);
      return (reader !== undefined && reader !== draft) || ends.has(tensor);
    };
    return finish(draft, position + 1, leaves);
  });
}

/** Lists up to this length are searched from end to end; a set costs more. */
const SHORT = 16;

/** Returns what the steps list, each value once. */
function gathered<T>(steps: readonly Step[], listOf: (step: Step) => readonly T[]): readonly T[] {
  const found: T[] = [];
  let seen: Set<T> | null = null;
  for (const step of steps) {
    for (const value of listOf(step)) {
      if (seen ? seen.has(value) : found.includes(value)) continue;
      found.push(value);
      if (seen) seen.add(value);
      else if (found.length > SHORT) seen = new Set(found);
    }
  }
  return found;
}

const readsOf = ({ reads }: Step) => reads;
const constantsOf = ({ constants }: Step) => constants;

function noteOf(steps: readonly Step[]): string | null {
  if (steps.some(({ nodes }) => nodes.length > 0)) return steps[0]?.note ?? null;
  const notes = steps.map(({ note }) => note).filter((note) => note !== null);
  return notes.length > 0 ? notes.join("; ") : null;
}

function finish(draft: Draft, index: number, leaves: (tensor: Tensor) => boolean): Epoch {
  const { steps, computed } = draft;
  return {
    index,
    kind: steps[0]?.kind ?? "hw",
    ops: steps.map(({ op }) => op),
    nodes: steps.flatMap(({ nodes }) => nodes),
    reads: gathered(steps, readsOf).filter((tensor) => !computed.has(tensor)),
    writes: [...computed].filter(leaves),
    constants: gathered(steps, constantsOf),
    macs: macs(steps.reduce((total, step) => total + step.macs, 0)),
    layer: steps.find(({ layer }) => layer !== null)?.layer ?? null,
    reason: steps.find(({ reason }) => reason !== null)?.reason ?? null,
    note: noteOf(steps),
  };
}
