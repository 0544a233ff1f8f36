/** Rules that read the vendor's operator table: refused, unknown, or mapped to the CPU. */
import { OPERATORS, placementOf, SUPPORT_PAGE } from "./operators.js";
import { isQuantized, type Site, type SupportRule } from "./site.js";

/**
 * Operators that the tables send to the CPU and other rules decide: the condition stands in a comment of the
 * table, or compiled networks show otherwise (MEAN over the map runs on POOL_ACC in 12 of 12 networks).
 */
const DECIDED_ELSEWHERE: ReadonlySet<string> = new Set([
  "ReduceMean",
  "ReduceMax",
  "Resize",
  "Div",
  "QuantizeLinear",
  "DequantizeLinear",
]);

const FIXES: Readonly<Record<string, string>> = {
  Softmax: "leave it to the application: the largest score has the same index",
  ArgMax: "leave it to the application",
  BatchNormalization: "fold it into the convolution before it",
  InstanceNormalization: "train with batch normalisation, which folds into convolutions",
  LayerNormalization: "train with batch normalisation, which folds into convolutions",
  Gather: "cut post-processing off and run it on the CPU",
  Max: "use Relu or Clip where one operand is constant",
  Min: "use Clip where one operand is constant",
};

function placement({ node }: Site) {
  return placementOf(node.op, node.source.format === "onnx" ? null : node.source.op);
}

export const TABLE_RULES: readonly SupportRule[] = [
  {
    id: "N6-OP-01",
    sentence: "The compiler refuses operators that its tables leave out on purpose.",
    ops: [],
    outcome: "unsupported",
    facts: {},
    evidence: "documented",
    source: SUPPORT_PAGE,
    check(site) {
      const found = placement(site);
      if (found?.mapping !== "UNSUPPORTED") return null;
      return { why: `${site.node.source.op} is refused by the vendor's compiler`, fix: found.limits };
    },
  },
  {
    id: "N6-OP-02",
    sentence: "Operators are those of the vendor's ONNX and TFLite tables.",
    ops: [],
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: SUPPORT_PAGE,
    check({ node }) {
      if (Object.hasOwn(OPERATORS, node.op)) return null;
      return {
        why: `${node.source.op} is not in the table: the vendor's compiler may refuse it`,
        fix: "replace it by operators of the table, or cut the network before it",
      };
    },
  },
  {
    id: "N6-OP-03",
    sentence: "The vendor's table maps the operator to a float kernel of the CPU.",
    ops: [],
    outcome: "float",
    facts: {},
    evidence: "documented",
    source: SUPPORT_PAGE,
    check(site) {
      const found = placement(site);
      if (found?.mapping !== "SW_FLOAT" || DECIDED_ELSEWHERE.has(site.node.op)) return null;
      return { why: `${site.node.source.op} is mapped SW_FLOAT`, fix: FIXES[site.node.op] ?? "" };
    },
  },
  {
    id: "N6-OP-04",
    sentence: "The vendor's table maps the operator to an integer kernel of the CPU.",
    ops: [],
    outcome: "integer",
    facts: {},
    evidence: "documented",
    source: SUPPORT_PAGE,
    check(site) {
      const found = placement(site);
      if (found?.mapping !== "SW_INT" || DECIDED_ELSEWHERE.has(site.node.op)) return null;
      const integer = isQuantized(site.node.input(0));
      return {
        why: `${site.node.source.op} is mapped SW_INT${integer ? "" : ", here on float values"}`,
        fix: FIXES[site.node.op] ?? "",
      };
    },
  },
];
