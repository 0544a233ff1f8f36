/** All support rules in the order in which they are asked, and the verdict on one node. */
import type { Layout, Node } from "../../../graph/node.js";
import { type Reason, reasonOf } from "../../rule.js";
import type { CompileOptions, EpochKind } from "../records.js";
import { CONVOLUTION_RULES } from "./convolution.js";
import { ELEMENTWISE_RULES } from "./elementwise.js";
import { MOVEMENT_RULES } from "./movement.js";
import { NUMBER_RULES } from "./numbers.js";
import { placementOf, type UnitName } from "./operators.js";
import { POOLING_RULES } from "./pooling.js";
import { impliedLayout, type Outcome, type Site, type SupportRule, siteOf } from "./site.js";
import { TABLE_RULES } from "./table.js";

/** The first broken rule decides: what is refused comes first, then number formats, then the operator's own. */
export const SUPPORT_RULES: readonly SupportRule[] = [
  ...TABLE_RULES.filter(({ outcome }) => outcome === "unsupported"),
  ...NUMBER_RULES,
  ...CONVOLUTION_RULES,
  ...POOLING_RULES,
  ...ELEMENTWISE_RULES,
  ...MOVEMENT_RULES,
  ...TABLE_RULES.filter(({ outcome }) => outcome !== "unsupported"),
];

export interface Classification {
  readonly kind: EpochKind;
  /** Which CPU kernel runs it; null on the NPU. */
  readonly kernel: "integer" | "float" | null;
  /** The vendor's compiler refuses the node; it counts as sw so that a report can still be given. */
  readonly unsupported: boolean;
  readonly unit: UnitName | null;
  readonly reason: Reason | null;
}

type Verdict = Pick<Classification, "kind" | "kernel" | "unsupported">;

const VERDICTS: Readonly<Record<Exclude<Outcome, "extra">, Verdict>> = {
  unsupported: { kind: "sw", kernel: "float", unsupported: true },
  float: { kind: "sw", kernel: "float", unsupported: false },
  integer: { kind: "sw", kernel: "integer", unsupported: false },
  hybrid: { kind: "hybrid", kernel: null, unsupported: false },
};

/** The rules that an operator is asked, in order. */
interface Asked {
  /** What may send it off the NPU. */
  readonly leaving: readonly (SupportRule & { readonly outcome: Exclude<Outcome, "extra"> })[];
  /** What may cost it epochs. */
  readonly extra: readonly SupportRule[];
}

function asked(op: string | null): Asked {
  const about = SUPPORT_RULES.filter(({ ops }) => ops.length === 0 || (op !== null && ops.includes(op)));
  return {
    leaving: about.filter((rule) => rule.outcome !== "extra") as Asked["leaving"],
    extra: about.filter(({ outcome }) => outcome === "extra"),
  };
}

const ASKED: ReadonlyMap<string, Asked> = new Map(
  SUPPORT_RULES.flatMap(({ ops }) => ops).map((op) => [op, asked(op)]),
);
/** Operators that no rule names. */
const ASKED_OF_OTHERS = asked(null);

const askedOf = ({ node }: Site) => ASKED.get(node.op) ?? ASKED_OF_OTHERS;

/** Returns the rules that leave the node on the NPU but cost it extra epochs, with the values that broke them. */
export function extraWork(site: Site): readonly Reason[] {
  const reasons: Reason[] = [];
  for (const rule of askedOf(site).extra) {
    const finding = rule.check(site);
    if (finding) reasons.push(reasonOf(rule, finding));
  }
  return reasons;
}

/**
 * Returns where a node runs and the rule that decided it. Shapes should be inferred: a rule that needs a shape
 * which is not known passes the node. `layout` says where the channels of operators without that attribute
 * are; by default what the format of the node's file implies.
 */
export function classify(
  node: Node,
  options: CompileOptions,
  layout: Layout = impliedLayout(node),
): Classification {
  return classifySite(siteOf(node, options, layout));
}

/** Returns the same of a node that other questions are asked of too. */
export function classifySite(site: Site): Classification {
  const { node } = site;
  const builtin = node.source.format === "onnx" ? null : node.source.op;
  const unit = placementOf(node.op, builtin)?.unit ?? null;
  for (const rule of askedOf(site).leaving) {
    const finding = rule.check(site);
    if (finding) return { ...VERDICTS[rule.outcome], unit, reason: reasonOf(rule, finding) };
  }
  return { kind: "hw", kernel: null, unsupported: false, unit, reason: null };
}
