/** Every operator that inference knows, gathered from its families. */
import { ATTENTION_RULES } from "./attention.js";
import { CLASSICAL_RULES } from "./classical.js";
import { CONTROL_RULES } from "./control.js";
import { CREATING_RULES } from "./creating.js";
import { DENSE_RULES } from "./dense.js";
import { DETECTION_RULES } from "./detection.js";
import { EINSUM_RULES } from "./einsum.js";
import { ELEMENTWISE_RULES } from "./elementwise.js";
import { ARITHMETIC_EVALUATORS } from "./evaluate-arithmetic.js";
import { INDEX_EVALUATORS } from "./evaluate-indices.js";
import { MOVE_EVALUATORS } from "./evaluate-moves.js";
import { QUANTIZATION_EVALUATORS } from "./evaluate-quantization.js";
import type { Evaluator } from "./evaluator.js";
import { FUSED_RULES } from "./fused.js";
import { JOINING_RULES } from "./joining.js";
import { NORMALIZATION_RULES } from "./normalization.js";
import { PICKING_RULES } from "./picking.js";
import { QUANTIZED_RULES } from "./quantized.js";
import { RECURRENT_RULES } from "./recurrent.js";
import { REDUCTION_RULES } from "./reduction.js";
import { RESAMPLING_RULES } from "./resampling.js";
import { RESHAPING_RULES } from "./reshaping.js";
import type { InferenceRule, InferenceRules } from "./rule.js";
import { SIGNAL_RULES } from "./signal.js";
import { SLIDING_RULES } from "./sliding.js";

/** The families by the file that has their rules, for the documentation. */
const FAMILIES: Readonly<Record<string, InferenceRules>> = {
  attention: ATTENTION_RULES,
  classical: CLASSICAL_RULES,
  control: CONTROL_RULES,
  creating: CREATING_RULES,
  dense: DENSE_RULES,
  detection: DETECTION_RULES,
  einsum: EINSUM_RULES,
  elementwise: ELEMENTWISE_RULES,
  fused: FUSED_RULES,
  joining: JOINING_RULES,
  normalization: NORMALIZATION_RULES,
  picking: PICKING_RULES,
  quantized: QUANTIZED_RULES,
  recurrent: RECURRENT_RULES,
  reduction: REDUCTION_RULES,
  resampling: RESAMPLING_RULES,
  reshaping: RESHAPING_RULES,
  signal: SIGNAL_RULES,
  sliding: SLIDING_RULES,
};

interface TableEntry {
  readonly rule: InferenceRule;
  /** Name of the rule's file in lib/graph/infer, without its ending. */
  readonly family: string;
}

const RULES: ReadonlyMap<string, TableEntry> = new Map(
  Object.entries(FAMILIES).flatMap(([family, rules]) =>
    Object.entries(rules).map(([op, rule]) => [op, { rule, family }] as const),
  ),
);

const EVALUATORS: ReadonlyMap<string, Evaluator> = new Map(
  [ARITHMETIC_EVALUATORS, INDEX_EVALUATORS, MOVE_EVALUATORS, QUANTIZATION_EVALUATORS].flatMap((family) =>
    Object.entries(family),
  ),
);

/** Returns the rule for an operator; undefined where there is none. */
export function inferenceRule(op: string): InferenceRule | undefined {
  return RULES.get(op)?.rule;
}

/** Returns the file, in lib/graph/infer, that has an operator's rule; undefined where there is none. */
export function ruleFamily(op: string): string | undefined {
  return RULES.get(op)?.family;
}

/** Returns how to compute an operator's values; undefined where nobody needed them yet. */
export function evaluatorOf(op: string): Evaluator | undefined {
  return EVALUATORS.get(op);
}

/** Returns the names of all operators with a rule, sorted. */
export function inferredOperators(): string[] {
  return [...RULES.keys()].sort();
}
