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
  const readers = new Map<Tensor, Set<Draft>>();
  for (const draft of drafts) {
    for (const tensor of draft.steps.flatMap(({ reads }) => reads)) {
      const set = readers.get(tensor);
      if (set) set.add(draft);
      else readers.set(tensor, new Set([draft]));
    }
  }
  const ends = new Set(kept);
  return drafts.map((draft, position) => {
    const leaves = (tensor: Tensor) =>
      ends.has(tensor) || [...(readers.get(tensor) ?? [])].some((reader) => reader !== draft);
    return finish(draft, position + 1, leaves);
  });
}

function finish(draft: Draft, index: number, leaves: (tensor: Tensor) => boolean): Epoch {
  const { steps, computed } = draft;
  const notes = steps.map(({ note }) => note).filter((note) => note !== null);
  const asked = steps.some(({ nodes }) => nodes.length > 0);
  const unique = <T>(values: readonly T[]) => [...new Set(values)];
  return {
    index,
    kind: steps[0]?.kind ?? "hw",
    ops: steps.map(({ op }) => op),
    nodes: steps.flatMap(({ nodes }) => nodes),
    reads: unique(steps.flatMap(({ reads }) => reads)).filter((tensor) => !computed.has(tensor)),
    writes: [...computed].filter(leaves),
    constants: unique(steps.flatMap(({ constants }) => constants)),
    macs: macs(steps.reduce((total, step) => total + step.macs, 0)),
    layer: steps.find(({ layer }) => layer !== null)?.layer ?? null,
    reason: steps.find(({ reason }) => reason !== null)?.reason ?? null,
    note: asked ? (steps[0]?.note ?? null) : notes.length > 0 ? notes.join("; ") : null,
  };
}
