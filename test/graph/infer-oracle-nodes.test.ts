import { describe, expect, test } from "vitest";
import { openModel } from "../../lib/formats/open.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { bufferSource } from "../../lib/source.js";
import { type OneNode, oneNodeModel } from "./one-node.js";
import { runOnnx, zeroTensor } from "./onnx-oracle.js";
import { ORACLE_CASES } from "./oracle-cases.js";

const written = (dtype: string, shape: readonly (number | string | null)[] | null) =>
  `${dtype} ${shape === null ? "?" : `[${shape.join(", ")}]`}`;

/** Returns what inference and a run say of each output, and of its values where inference knows them. */
async function judged(node: OneNode) {
  const bytes = oneNodeModel(node);
  const feeds = Object.fromEntries(
    node.inputs.flatMap((input, index) =>
      input && !input.values ? [[`x${index}`, zeroTensor(input.dtype, input.shape)]] : [],
    ),
  );
  const observed = await runOnnx(bytes, feeds);
  const { graph } = openModel(bufferSource("one.onnx", bytes));
  const { values } = inferShapes(graph);
  return graph.outputs.map((output) => {
    const seen = observed.get(output.name)!;
    const ours = values.get(output);
    const rounded = (list: ArrayLike<number>) => Array.from(list, (value) => Number(value.toPrecision(6)));
    return {
      inferred: written(output.dtype, output.shape),
      seen: written(seen.dtype, seen.shape),
      ...(ours ? { values: rounded(ours), run: rounded(seen.values()) } : {}),
    };
  });
}

describe("inferShapes() and ONNX Runtime, one operator at a time", () => {
  test.each(ORACLE_CASES.map((node) => [`${node.op} of opset ${node.opset}`, node] as const))(
    "agree on %s",
    async (_title, node) => {
      for (const { inferred, seen, values, run } of await judged(node)) {
        expect(inferred).toBe(seen);
        expect(values).toEqual(run);
      }
    },
  );
});
