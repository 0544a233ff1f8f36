import { expect, test } from "vitest";
import { inferencePage } from "../../lib/graph/infer/document.js";
import { DECODED_AWAY, NOT_INFERRED, onnxOperators } from "../../lib/graph/infer/onnx-operators.js";
import { inferenceRule } from "../../lib/graph/infer/table.js";
import { ORACLE_CASES } from "./oracle-cases.js";

test("inferencePage() is what docs/shape-inference.md says", async () => {
  await expect(inferencePage()).toMatchFileSnapshot("../../docs/shape-inference.md");
});

test("onnxOperators() each have a rule, become others, or say why not", () => {
  for (const [op] of onnxOperators()) {
    const places = [inferenceRule(op) !== undefined, op in DECODED_AWAY, op in NOT_INFERRED];
    expect([op, places.filter(Boolean).length]).toEqual([op, 1]);
  }
});

/** Text that ONNX Runtime cannot be fed in a test of numbers. */
const NOT_JUDGED = new Set(["RegexFullMatch", "StringConcat"]);

test("ORACLE_CASES judge each rule of an ONNX operator", () => {
  const judged = new Set(ORACLE_CASES.filter(({ domain }) => !domain).map(({ op }) => op));
  const left = onnxOperators()
    .map(([op]) => op)
    .filter((op) => inferenceRule(op) && !NOT_JUDGED.has(op) && !judged.has(op));
  expect(left).toEqual([]);
});
