import { DECODED_AWAY, NOT_INFERRED, onnxOperators } from "./onnx-operators.js";
import { evaluatorOf, inferredOperators, ruleFamily } from "./table.js";

const INTRODUCTION = `# Shape and type inference

Generated from \`lib/graph/infer\`; a test keeps it current (\`npx vitest run test/graph/document -u\`).

*Rule* names the file in \`lib/graph/infer\`. *Values* says whether inference follows small values through the
operator (shape arithmetic) and constants are folded through it. An operator without a rule keeps the shape that
the file records while the sizes before it are those of the file; otherwise inference stops with an error that
names the node, or lists it where it was told to go on (\`onUnknown: "keep"\`).

Sizes that the data decide (NonMaxSuppression, NonZero, Unique, Compress with a computed condition, an If whose
branches differ, the slices of a Loop that ends on a condition) are such errors too; they say how large the
result may become. Going on, the free size has a name: \`≤60x3\`.
`;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function row(op: string): readonly [rule: string, values: string] {
  return [`${ruleFamily(op)}.ts`, evaluatorOf(op) ? "yes" : ""];
}

/** Returns the page that lists which operators inference covers, and what happens to the others. */
export function inferencePage(): string {
  const onnx = onnxOperators();
  const own = new Set(onnx.map(([op]) => op));
  const covered = onnx.filter(([op]) => ruleFamily(op) && !(op in DECODED_AWAY));
  const missing = onnx.filter(([op]) => !ruleFamily(op) && !(op in DECODED_AWAY));
  const others = inferredOperators().filter((op) => !own.has(op));
  const microsoft = others.filter((op) => op.startsWith("com.microsoft:"));
  const rest = others.filter((op) => !op.startsWith("com.microsoft:"));
  const columns = ["operator", "rule", "values"];
  return [
    INTRODUCTION,
    `## ONNX, opset 7 to 24: ${covered.length} of ${onnx.length} by a rule, ${Object.keys(DECODED_AWAY).length} turned into others\n`,
    table(
      ["operator", "since opset", "rule", "values"],
      covered.map(([op, since]) => [op, since === 7 ? "≤ 7" : String(since), ...row(op)]),
    ),
    "\n## Turned into others when a file is read\n",
    table(["operator", "becomes"], Object.entries(DECODED_AWAY)),
    "\n## ONNX without a rule\n",
    table(
      ["operator", "since opset", "why"],
      missing.map(([op, since]) => [op, since === 7 ? "≤ 7" : String(since), NOT_INFERRED[op] ?? "unknown"]),
    ),
    "\n## ONNX Runtime (com.microsoft)\n",
    table(
      columns,
      microsoft.map((op) => [op, ...row(op)]),
    ),
    "\n## Operators of TFLite, of ai.onnx.ml, and of the vocabulary alone\n",
    table(
      columns,
      rest.map((op) => [op, ...row(op)]),
    ),
    "",
  ].join("\n");
}
