import { expect, test } from "vitest";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { formatShape } from "../../lib/graph/shape.js";
import { describeShared } from "../shared.js";
import { modelFiles, readModel } from "./models.js";

describeShared("inferShapes() on real files", () => {
  for (const file of modelFiles(".tflite")) {
    test(`gives the recorded shapes of ${file}`, () => {
      const { graph } = readModel(file);
      const inputs = new Set(graph.inputs);
      const recorded = new Map(
        [...graph.tensors()]
          .filter((tensor) => !tensor.isConstant && !inputs.has(tensor) && graph.producer(tensor))
          .map((tensor) => [tensor, tensor.shape]),
      );
      for (const tensor of recorded.keys()) tensor.shape = null;
      inferShapes(graph);
      const wrong = [...recorded].flatMap(([tensor, shape]) =>
        formatShape(tensor.shape) === formatShape(shape)
          ? []
          : [`${graph.producer(tensor)?.describe()}: ${formatShape(tensor.shape)} for ${formatShape(shape)}`],
      );
      expect(wrong).toEqual([]);
    });
  }
});
