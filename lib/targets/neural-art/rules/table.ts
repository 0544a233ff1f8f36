/** Rules that read the vendor's operator table: refused, unknown, or mapped to the CPU. */
import { fixOf } from "./fixes.js";
import { OPERATORS, placementOf, SUPPORT_PAGE } from "./operators.js";
import { isQuantized, type Site, type SupportRule } from "./site.js";

/**
 * Operators that the tables send to the CPU and other rules decide: the condition stands in a comment of the
 * table, or compiled networks show otherwise (MEAN over the map runs on POOL_ACC in 12 of 12 networks).
 */
export const DECIDED_ELSEWHERE: Readonly<Record<string, string>> = {
  ReduceMean: "the NPU: MEAN over the whole map ran on POOL_ACC in 12 of 12 compiled networks",
  ReduceMax: "the NPU, like ReduceMean; no compiled network was seen with one",
  Resize: "rules N6-RESIZE-01 to 03, whatever the format",
  Div: "rule N6-DIV-01, whatever the format",
  QuantizeLinear: "rule N6-TYPE-03, whatever the format",
  DequantizeLinear: "rule N6-TYPE-03, whatever the format",
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
      return { why: `${site.node.source.op} is refused by the vendor's compiler`, fix: fixOf(site.node.op) };
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
        fix: fixOf(node.op),
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
      if (found?.mapping !== "SW_FLOAT" || Object.hasOwn(DECIDED_ELSEWHERE, site.node.op)) return null;
      return { why: `${site.node.source.op} is mapped SW_FLOAT`, fix: fixOf(site.node.op) };
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
      if (found?.mapping !== "SW_INT" || Object.hasOwn(DECIDED_ELSEWHERE, site.node.op)) return null;
      const integer = isQuantized(site.node.input(0));
      return {
        why: `${site.node.source.op} is mapped SW_INT${integer ? "" : ", here on float values"}`,
        fix: fixOf(site.node.op),
      };
    },
  },
];
