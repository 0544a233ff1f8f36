import { describe, expect, test } from "vitest";
import { inferenceRule } from "../../lib/graph/infer/table.js";
import { TFLITE_OPERATORS } from "../../lib/graph/operators.js";

describe("inferenceRule()", () => {
  test("knows every operator that TFLite builtins are lowered to", () => {
    const missing = Object.values(TFLITE_OPERATORS).filter((op) => !inferenceRule(op));
    expect(missing).toEqual([]);
  });
});
