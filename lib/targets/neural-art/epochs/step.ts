/** What the compiler schedules: steps, each with the hardware units it holds while its epoch lasts. */
import type { LayerGeometry } from "../../../graph/geometry.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Reason } from "../../rule.js";
import { UNITS } from "../facts.js";
import type { EpochKind } from "../records.js";

/** Units of one epoch that a step needs (facts.ts has how many there are). */
export interface UnitNeeds {
  readonly convolution: number;
  readonly arithmetic: number;
  readonly activation: number;
  readonly pooling: number;
}

/** What a step may look at before it streams on from the steps of the epoch that is open. */
export interface OpenEpoch {
  readonly steps: readonly Step[];
}

export interface Step {
  readonly kind: EpochKind;
  readonly op: string;
  /** Nodes that are done with this step. */
  readonly nodes: readonly Node[];
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
  readonly constants: readonly Tensor[];
  readonly units: UnitNeeds;
  /** Whether the step may take its input from the open epoch as it is computed, units permitting. */
  readonly joins: (open: OpenEpoch) => boolean;
  /** Nothing streams on from this step: its result is read from memory. */
  readonly seals: boolean;
  readonly macs: number;
  readonly layer: { readonly node: Node; readonly geometry: LayerGeometry } | null;
  readonly reason: Reason | null;
  readonly note: string | null;
}

export type StepFields = Pick<Step, "op"> &
  Partial<Omit<Step, "op" | "units">> & { units?: Partial<UnitNeeds> };

const NO_UNITS: UnitNeeds = { convolution: 0, arithmetic: 0, activation: 0, pooling: 0 };

const NOTHING: readonly never[] = [];
const never = () => false;
export const always = () => true;

/** Returns a step; what is left out is empty, on the NPU, and in an epoch of its own. */
export function step(fields: StepFields): Step {
  const { units } = fields;
  return {
    kind: fields.kind ?? "hw",
    op: fields.op,
    nodes: fields.nodes ?? NOTHING,
    reads: fields.reads ?? NOTHING,
    writes: fields.writes ?? NOTHING,
    constants: fields.constants ?? NOTHING,
    units: units
      ? {
          convolution: units.convolution ?? 0,
          arithmetic: units.arithmetic ?? 0,
          activation: units.activation ?? 0,
          pooling: units.pooling ?? 0,
        }
      : NO_UNITS,
    joins: fields.joins ?? never,
    seals: fields.seals ?? false,
    macs: fields.macs ?? 0,
    layer: fields.layer ?? null,
    reason: fields.reason ?? null,
    note: fields.note ?? null,
  };
}

export function addUnits(a: UnitNeeds, b: UnitNeeds): UnitNeeds {
  return {
    convolution: a.convolution + b.convolution,
    arithmetic: a.arithmetic + b.arithmetic,
    activation: a.activation + b.activation,
    pooling: a.pooling + b.pooling,
  };
}

/** Returns whether the chip has the units for both at once. */
export function fits(needs: UnitNeeds): boolean {
  const { convolution, arithmetic, activation, pooling } = UNITS;
  return (
    needs.convolution <= convolution.value &&
    needs.arithmetic <= arithmetic.value &&
    needs.activation <= activation.value &&
    needs.pooling <= pooling.value
  );
}
