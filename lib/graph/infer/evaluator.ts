import type { Numbers } from "../elements.js";
import type { Node } from "../node.js";
import { elementCount } from "../shape.js";
import type { InferenceCall, TensorType } from "./rule.js";

/**
 * Returns the values of a node's outputs from the values of its inputs, all of which are known. The work is
 * that of shape arithmetic and of constants read once: plain numbers, one output element after the other.
 */
export interface Evaluator {
  evaluate(call: InferenceCall, outputs: readonly TensorType[]): readonly Numbers[];
  /** Whether the attributes of a node are handled; all are when absent. A node that is not stays. */
  handles?(node: Node): boolean;
  /** The operator moves elements and computes nothing, so it may run on quantised values as they are stored. */
  readonly moves: boolean;
  /** The values of input 0 do not matter, its shape does. */
  readonly shapeOnly?: true;
  /** The operator reads and writes quantised values as what they stand for. */
  readonly quantizes?: true;
}

export type Evaluators = Readonly<Record<string, Evaluator>>;

/** Returns the values of an input that the caller has found to be known. */
export function known(call: InferenceCall, index: number): Numbers {
  return call.numbers(index) ?? call.values(index);
}

export function filled(type: TensorType, value: number): Float64Array {
  return new Float64Array(elementCount(type.shape)).fill(value);
}
