/** Rules on elementwise operators (ARITH_ACC, ACTIV_ACC). */
import { formatShape } from "../../../graph/shape.js";
import type { Fact } from "../../rule.js";
import { knownShape, type SupportRule } from "./site.js";

const PAGE = "stneuralart_operator_support.html r1.1 (ST Edge AI Core 2.1.0), ARITH_ACC";

export const MAX_ELEMENTWISE_RANK: Fact = { value: 4, evidence: "documented", source: PAGE };

const ELEMENTWISE = ["Add", "Sub", "Mul"];

export const ELEMENTWISE_RULES: readonly SupportRule[] = [
  {
    id: "N6-ELT-01",
    sentence: "Only one operand is broadcast to the shape of the other.",
    ops: ELEMENTWISE,
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const [a, b] = [knownShape(node.inputs[0]), knownShape(node.inputs[1])];
      if (!a || !b) return null;
      const rank = Math.max(a.length, b.length);
      const at = (shape: readonly number[], axis: number) => shape[axis - (rank - shape.length)] ?? 1;
      const axes = Array.from({ length: rank }, (_, axis) => axis);
      const widensA = axes.some((axis) => at(a, axis) === 1 && at(b, axis) > 1);
      const widensB = axes.some((axis) => at(b, axis) === 1 && at(a, axis) > 1);
      if (!widensA || !widensB) return null;
      return {
        why: `operands ${formatShape(a)} and ${formatShape(b)} are both broadcast`,
        fix: "expand one operand beforehand",
      };
    },
  },
  {
    id: "N6-ELT-02",
    sentence: `Operands have at most ${MAX_ELEMENTWISE_RANK.value} dimensions.`,
    ops: ELEMENTWISE,
    outcome: "float",
    facts: { rank: MAX_ELEMENTWISE_RANK },
    evidence: "documented",
    source: PAGE,
    check({ node }) {
      const rank = Math.max(...node.inputs.map((input) => input?.shape?.length ?? 0));
      if (rank <= MAX_ELEMENTWISE_RANK.value) return null;
      return {
        why: `${rank} dimensions, at most ${MAX_ELEMENTWISE_RANK.value}`,
        fix: "merge dimensions of size 1",
      };
    },
  },
  {
    id: "N6-DIV-01",
    sentence: "Division is by a constant; by a computed value the CPU divides in integers.",
    ops: ["Div"],
    outcome: "integer",
    facts: {},
    evidence: "documented",
    source: `${PAGE}, row Div`,
    check({ node }) {
      const divisor = node.inputs[1];
      if (!divisor || divisor.isConstant) return null;
      return {
        why: `divisor '${divisor.name}' is computed at run time`,
        fix: "multiply by a constant instead",
      };
    },
  },
];
