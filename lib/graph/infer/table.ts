/** Every operator that inference knows, gathered from its families. */
import { CLASSICAL_RULES } from "./classical.js";
import { CREATING_RULES } from "./creating.js";
import { DENSE_RULES } from "./dense.js";
import { ELEMENTWISE_RULES } from "./elementwise.js";
import { ARITHMETIC_EVALUATORS } from "./evaluate-arithmetic.js";
import { MOVE_EVALUATORS } from "./evaluate-moves.js";
import { QUANTIZATION_EVALUATORS } from "./evaluate-quantization.js";
import type { Evaluator } from "./evaluator.js";
import { JOINING_RULES } from "./joining.js";
import { PICKING_RULES } from "./picking.js";
import { QUANTIZED_RULES } from "./quantized.js";
import { RECURRENT_RULES } from "./recurrent.js";
import { REDUCTION_RULES } from "./reduction.js";
import { RESAMPLING_RULES } from "./resampling.js";
import { RESHAPING_RULES } from "./reshaping.js";
import type { InferenceRule } from "./rule.js";
import { SLIDING_RULES } from "./sliding.js";

const RULES: ReadonlyMap<string, InferenceRule> = new Map(
  [
    CLASSICAL_RULES,
    CREATING_RULES,
    DENSE_RULES,
    ELEMENTWISE_RULES,
    JOINING_RULES,
    PICKING_RULES,
    QUANTIZED_RULES,
    RECURRENT_RULES,
    REDUCTION_RULES,
    RESAMPLING_RULES,
    RESHAPING_RULES,
    SLIDING_RULES,
  ].flatMap((family) => Object.entries(family)),
);

const EVALUATORS: ReadonlyMap<string, Evaluator> = new Map(
  [ARITHMETIC_EVALUATORS, MOVE_EVALUATORS, QUANTIZATION_EVALUATORS].flatMap((family) =>
    Object.entries(family),
  ),
);

/** Returns the rule for an operator; undefined where there is none. */
export function inferenceRule(op: string): InferenceRule | undefined {
  return RULES.get(op);
}

/** Returns how to compute an operator's values; undefined where nobody needed them yet. */
export function evaluatorOf(op: string): Evaluator | undefined {
  return EVALUATORS.get(op);
}

/** Returns the names of all operators with a rule, sorted. */
export function inferredOperators(): string[] {
  return [...RULES.keys()].sort();
}
