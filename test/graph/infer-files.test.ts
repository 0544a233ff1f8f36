import { expect, test } from "vitest";
import type { Graph, Model } from "../../lib/graph/graph.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { inferenceRule } from "../../lib/graph/infer/table.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { formatShape, isStatic, type Shape } from "../../lib/graph/shape.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { describeShared } from "../shared.js";
import { modelFiles, readModel } from "./models.js";

/** Takes the recorded shapes away from everything that an operator with a rule computes. */
function clearShapes(graph: Graph): Map<Tensor, Shape | null> {
  const outputs = graph.nodes.filter(({ op }) => inferenceRule(op)).flatMap((node) => node.outputs);
  const recorded = new Map(outputs.map((tensor) => [tensor, tensor.shape]));
  for (const tensor of outputs) tensor.shape = null;
  return recorded;
}

/** Returns the tensors whose inferred shape is another than the recorded one; free dimensions match any size. */
function differences(graph: Graph, recorded: ReadonlyMap<Tensor, Shape | null>): string[] {
  return [...recorded].flatMap(([tensor, shape]) => {
    const equal =
      shape === null ||
      (tensor.shape?.length === shape.length &&
        shape.every((dim, axis) => typeof dim !== "number" || dim === tensor.shape![axis]));
    return equal
      ? []
      : [`${graph.producer(tensor)?.describe()}: ${formatShape(tensor.shape)} for ${formatShape(shape)}`];
  });
}

/** Returns a batch of 1 for every open first dimension. */
function openBatches(model: Model): Map<string, Shape> {
  return new Map(
    model.graph.inputs.map(({ name, shape }) => [
      name,
      (shape ?? []).map((dim) => (typeof dim === "number" ? dim : 1)),
    ]),
  );
}

describeShared("inferShapes() on real files", () => {
  test.each(modelFiles(".tflite"))("gives every recorded shape of %s", (file) => {
    const { graph } = readModel(file);
    const recorded = clearShapes(graph);
    const { assumed } = inferShapes(graph);
    expect(differences(graph, recorded)).toEqual([]);
    expect([...recorded.values()].every(isStatic)).toBe(true);
    if (!file.includes("audio_preprocessor")) expect(assumed).toEqual([]);
  });

  test.each(modelFiles(".onnx"))("gives every recorded shape of %s, and one to each tensor", (file) => {
    const model = readModel(file);
    const inputShapes = openBatches(model);
    // Operators of the QLinear form are inferred once they are lowered.
    if (file.includes("mobilefacenet")) {
      const { graph, report } = normalizeModel(model);
      expect([...graph.tensors()].every(({ shape }) => isStatic(shape))).toBe(true);
      expect(report.assumed).toEqual([]);
      return;
    }
    const recorded = clearShapes(model.graph);
    const { assumed } = inferShapes(model.graph, { inputShapes });
    expect(differences(model.graph, recorded)).toEqual([]);
    expect(assumed).toEqual([]);
    expect([...model.graph.tensors()].filter(({ shape }) => !isStatic(shape))).toEqual([]);
  });

  test("gives a network of another resolution the shapes that its own file records", () => {
    const pairs: [string, string, number[]][] = [
      [
        "mobilenetv1/flowers_mobilenet_v1_0.25_224_fft_int8.tflite",
        "mobilenetv1/flowers_mobilenet_v1_0.25_96_fft_int8.tflite",
        [1, 96, 96, 3],
      ],
      [
        "mobilenetv2/food-101_mobilenet_v2_0.35_128_fft_int8.tflite",
        "mobilenetv2/food-101_mobilenet_v2_0.35_224_fft_int8.tflite",
        [1, 224, 224, 3],
      ],
      [
        "fdmobilenet/food-101_fdmobilenet_0.25_224_tfs_int8.tflite",
        "fdmobilenet/food-101_fdmobilenet_0.25_128_tfs_int8.tflite",
        [1, 128, 128, 3],
      ],
    ];
    for (const [from, to, shape] of pairs) {
      const source = readModel(from).graph;
      inferShapes(source, { inputShapes: new Map([[source.inputs[0]!.name, shape]]) });
      const shapes = (graph: Graph) =>
        graph.nodes.map((node) => `${node.op} ${formatShape(node.output().shape)}`);
      expect(shapes(source)).toEqual(shapes(readModel(to).graph));
    }
  });
});
