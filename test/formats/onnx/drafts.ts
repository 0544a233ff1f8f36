/** Small ONNX models written for a test and read back. */
import onnxProto from "onnx-proto";
import { expect } from "vitest";
import { LabError } from "../../../lib/errors.js";
import { decodeOnnx, type OnnxOptions } from "../../../lib/formats/onnx/decode.js";
import { tensorNumbers } from "../../../lib/graph/elements.js";
import type { Model } from "../../../lib/graph/graph.js";
import type { Node } from "../../../lib/graph/node.js";
import { bufferSource } from "../../../lib/source.js";

export const { onnx } = onnxProto;
export type ModelDraft = Parameters<typeof onnx.ModelProto.create>[0] & object;
export type GraphDraft = Parameters<typeof onnx.GraphProto.create>[0] & object;
export type NodeDraft = Parameters<typeof onnx.NodeProto.create>[0] & object;
export type TensorDraft = Parameters<typeof onnx.TensorProto.create>[0] & object;

export const value = (name: string, dims?: readonly (number | string)[], elemType = 1) => ({
  name,
  type: {
    tensorType: {
      elemType,
      ...(dims && {
        shape: { dim: dims.map((d) => (typeof d === "string" ? { dimParam: d } : { dimValue: d })) },
      }),
    },
  },
});

export function decodeGraph(
  graph: GraphDraft,
  {
    opset = 17,
    options = {},
    model = {},
  }: { opset?: number; options?: OnnxOptions; model?: ModelDraft } = {},
): Model {
  const draft = { irVersion: 8, opsetImport: [{ domain: "", version: opset }], graph, ...model };
  const bytes = onnx.ModelProto.encode(onnx.ModelProto.create(draft)).finish();
  return decodeOnnx(bufferSource("draft.onnx", bytes), options);
}

/** Decodes one node that reads x and gives y. */
export function decodeNode(
  node: NodeDraft,
  {
    opset = 17,
    shape = [1, 4, 6, 6],
    initializer = [],
  }: { opset?: number; shape?: number[]; initializer?: TensorDraft[] } = {},
): Node {
  const { graph } = decodeGraph(
    { input: [value("x", shape)], output: [value("y")], initializer, node: [{ output: ["y"], ...node }] },
    { opset },
  );
  expect(graph.nodes).toHaveLength(1);
  return graph.nodes[0]!;
}

export const inputsOf = (node: Node) =>
  node.inputs.map((tensor) =>
    tensor === null ? null : tensor.isConstant ? [...tensorNumbers(tensor)] : tensor.name,
  );

export const ints = (name: string, values: (number | string)[]) => ({
  name,
  type: 7,
  ints: values as number[],
});
export const int = (name: string, i: number) => ({ name, type: 2, i });
export const float = (name: string, f: number) => ({ name, type: 1, f });
export const text = (name: string, s: string) => ({ name, type: 3, s: new TextEncoder().encode(s) });

export function refusal(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected a LabError");
}
