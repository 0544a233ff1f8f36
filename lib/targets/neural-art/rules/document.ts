/** The operator page of the documentation, written from the rules and the tables that the checks read. */
import type { Rule } from "../../rule.js";
import { SUPPORT_RULES } from "./classify.js";
import { type Mapping, OPERATORS, type OperatorSupport, SUPPORT_PAGE, tablesDisagree } from "./operators.js";
import type { Outcome, Site } from "./site.js";
import { DECIDED_ELSEWHERE } from "./table.js";

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  unsupported: "refused",
  float: "CPU, float kernel",
  integer: "CPU, integer kernel",
  hybrid: "hybrid",
  extra: "NPU, extra epochs",
};

const MAPPINGS: Readonly<Record<Mapping, string>> = {
  HW: "HW",
  HW_IF: "HW, conditional",
  HYBRID: "hybrid",
  SW_INT: "SW, integer",
  SW_FLOAT: "SW, float",
  UNSUPPORTED: "refused",
};

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)];
}

function operatorRow(op: string, support: OperatorSupport): readonly string[] {
  const tflite = Object.entries(support.tflite ?? {}).map(
    ([name, mapping]) => `${name}: ${MAPPINGS[mapping]}`,
  );
  return [
    `${op}${tablesDisagree(support) ? " †" : ""}`,
    support.onnx ? MAPPINGS[support.onnx] : "-",
    tflite.length > 0 ? tflite.join(", ") : "-",
    support.unit ?? "-",
    support.limits ?? "",
  ];
}

/** What each disagreement comes down to: where the same network runs when it is exported either way. */
function disagreement(op: string, support: OperatorSupport): readonly string[] {
  const builtins = Object.entries(support.tflite ?? {});
  return [
    op,
    support.onnx ? MAPPINGS[support.onnx] : "-",
    builtins.map(([name, mapping]) => `${name}: ${MAPPINGS[mapping]}`).join(", "),
    DECIDED_ELSEWHERE[op] ?? "the table of the node's own format",
  ];
}

function factsOf(rule: Rule<Site>): string {
  return Object.entries(rule.facts)
    .map(([name, { value, evidence }]) => `${name} ${value} (${evidence})`)
    .join(", ");
}

/** Returns the whole page as Markdown; the same bytes for the same rules. */
export function operatorPage(): string {
  const rules = SUPPORT_RULES.map((rule) => [
    rule.id,
    rule.ops.length > 0 ? rule.ops.join(", ") : "all",
    rule.sentence,
    OUTCOMES[rule.outcome],
    factsOf(rule),
    `${rule.evidence}: ${rule.source}`,
  ]);
  const operators = Object.entries(OPERATORS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, support]) => operatorRow(op, support));
  const disagreements = Object.entries(OPERATORS)
    .filter(([, support]) => tablesDisagree(support))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, support]) => disagreement(op, support));
  return [
    "# Operators on ST Neural-ART",
    "",
    "Generated from `lib/targets/neural-art/rules`; a test keeps it current (`npx vitest run test/targets/rules -u`).",
    "",
    "## Rules",
    "",
    "Asked from top to bottom. The first broken rule decides where a node runs; rules of the kind *extra epochs* leave it on the NPU.",
    "",
    ...table(["rule", "operators", "sentence", "otherwise", "facts", "evidence"], rules),
    "",
    "## Tables of the vendor",
    "",
    `From ${SUPPORT_PAGE}, in the graph's vocabulary. † marks operators to which the ONNX and the TFLite table of that page give different places; a node is judged by the table of its own format. Operators that are not listed are not in the tables: the compiler may refuse them.`,
    "",
    ...table(["operator", "ONNX", "TFLite", "unit", "conditions"], operators),
    "",
    "## Where the two tables disagree",
    "",
    `${disagreements.length} operators have different places in the ONNX and in the TFLite table of the same page. The same network may so run elsewhere when it is exported the other way; npulab decides as the last column says.`,
    "",
    ...table(["operator", "ONNX table", "TFLite table", "npulab follows"], disagreements),
    "",
  ].join("\n");
}
