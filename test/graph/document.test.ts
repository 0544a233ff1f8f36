import { expect, test } from "vitest";
import { inferencePage } from "../../lib/graph/infer/document.js";
import { DECODED_AWAY, NOT_INFERRED, onnxOperators } from "../../lib/graph/infer/onnx-operators.js";
import { inferenceRule } from "../../lib/graph/infer/table.js";
import { fed, oneNodeModel } from "./one-node.js";
import { runOnnx } from "./onnx-oracle.js";
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

/** Returns whether ONNX Runtime has a schema for an operator of ONNX's own domain. */
async function isKnown(op: string, opset: number): Promise<boolean> {
  const refused = await runOnnx(oneNodeModel({ op, opset, inputs: [fed([1])] }), {}).then(
    () => "",
    (error: Error) => error.message,
  );
  return !/No Op registered/.test(refused);
}

test("onnxOperators() came with the opsets that ONNX Runtime knows them from", async () => {
  const differing: string[] = [];
  for (const [op, since] of onnxOperators()) {
    if (!(await isKnown(op, since))) differing.push(`${op} is unknown in ${since}`);
    if (since > 7 && (await isKnown(op, since - 1))) differing.push(`${op} is known before ${since}`);
  }
  // ONNX Runtime had forms of these in ONNX's domain before ONNX took them up.
  expect(differing).toEqual([
    "LayerNormalization is known before 17",
    "MeanVarianceNormalization is known before 9",
    "ThresholdedRelu is known before 10",
  ]);
});
