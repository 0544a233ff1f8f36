import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openModel } from "../../lib/formats/open.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { resolveInputShapes } from "../../lib/graph/infer/input-shapes.js";
import { bufferSource } from "../../lib/source.js";
import { describeShared, requireShared } from "../shared.js";
import { modelFiles } from "./models.js";
import { exposeAll, type OracleType, runOnnx, zeroTensor } from "./onnx-oracle.js";

/** Returns name → `float32 1x8x4x4` of what inference says, recorded shapes taken away before. */
function inferred(file: string, bytes: Uint8Array) {
  const { graph } = openModel(bufferSource(file, bytes));
  const { shapes } = resolveInputShapes(graph, { batch: 1 });
  const computed = graph.nodes.flatMap((node) => node.outputs);
  for (const tensor of computed) tensor.shape = null;
  inferShapes(graph, { inputShapes: shapes });
  const types = new Map(computed.map(({ name, dtype, shape }) => [name, `${dtype} ${shape?.join("x")}`]));
  return { graph, types };
}

describeShared("inferShapes() and ONNX Runtime, on real files", () => {
  test.each(modelFiles(".onnx"))(
    "gives every tensor of %s the type and the shape that it has in a run",
    async (file) => {
      const bytes = readFileSync(requireShared(`models/${file}`));
      const { graph, types } = inferred(file, bytes);
      const feeds = Object.fromEntries(
        graph.inputs.map((input) => [input.name, zeroTensor(input.dtype as OracleType, input.staticShape())]),
      );
      const observed = await runOnnx(exposeAll(bytes), feeds);
      const differences = [...types].flatMap(([name, type]) => {
        const found = observed.get(name);
        const seen = found && `${found.dtype} ${found.shape.join("x")}`;
        return seen === type ? [] : [`${name}: ${type}, in a run ${seen}`];
      });
      expect(differences).toEqual([]);
    },
    60_000,
  );
});
