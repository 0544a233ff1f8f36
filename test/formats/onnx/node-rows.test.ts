import { describe, expect, it } from "vitest";
import { Tensor } from "../../../lib/graph/tensor.js";
import { decodeGraph, type NodeDraft, value } from "./drafts.js";

/** x → Relu → Clip(lower bound left out, upper bound) → y */
const nodes: NodeDraft[] = [
  { opType: "Relu", name: "first", input: ["x"], output: ["middle"] },
  { opType: "Clip", input: ["middle", "", "high"], output: ["y"] },
];
const decode = (order = nodes) =>
  decodeGraph({
    input: [value("x", [2])],
    output: [value("y")],
    initializer: [{ name: "high", dims: [], dataType: 1, floatData: [6] }],
    node: order,
  }).graph;

describe("FileRows", () => {
  it("gives a node the name, the edges and the source that the file says", () => {
    const [relu] = decode().nodes;
    expect(relu!.name).toBe("first");
    expect(relu!.source).toEqual({ format: "onnx", op: "Relu", index: 0 });
    expect(relu!.inputs.map((tensor) => tensor?.name)).toEqual(["x"]);
    expect(relu!.describe()).toBe("Relu 'first' (Relu, node 0)");
  });

  it("gives the same lists at each look, so that edits last", () => {
    const graph = decode();
    const [relu] = graph.nodes;
    expect(relu!.inputs).toBe(relu!.inputs);
    expect(relu!.source).toBe(relu!.source);
    const other = new Tensor({ name: "other", dtype: "float32", shape: [2] });
    graph.setInput(relu!, 0, other);
    expect(relu!.input(0)).toBe(other);
    expect(graph.consumers(other)).toEqual([relu]);
    relu!.outputs = [other];
    expect(relu!.output()).toBe(other);
  });

  it("ties nodes by the tensors themselves, in whatever order the file has them", () => {
    for (const order of [nodes, nodes.toReversed()]) {
      const graph = decode(order);
      const [relu, clip] = graph.nodes;
      expect([relu!.op, clip!.op]).toEqual(["Relu", "Clip"]);
      expect(clip!.input(0)).toBe(relu!.output());
      expect(relu!.input(0)).toBe(graph.inputs[0]);
      expect(clip!.output()).toBe(graph.outputs[0]);
      expect(clip!.inputs.map((tensor) => tensor?.name)).toEqual(["middle", undefined, "high"]);
    }
  });

  it("keeps rows apart when there are many", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `value.${index}`);
    const graph = decodeGraph({
      input: [value("x", [2])],
      output: [value("value.999")],
      node: names.map((name, index) => ({
        opType: index % 2 ? "Relu" : "Neg",
        name: `node.${index}`,
        input: [names[index - 1] ?? "x"],
        output: [name],
      })),
    }).graph;
    expect(graph.nodes.map(({ name }) => name)).toEqual(names.map((_, index) => `node.${index}`));
    expect(graph.nodes.map((node) => node.output().name)).toEqual(names);
    expect(graph.nodes.map(({ source }) => source.op).slice(0, 3)).toEqual(["Neg", "Relu", "Neg"]);
  });
});

describe("readTensor()", () => {
  it("lets constants of one shape share it", () => {
    const tensor = (name: string) => ({ name, dims: [2, 3], dataType: 1, floatData: [1, 2, 3, 4, 5, 6] });
    const { nodes: adds } = decodeGraph({
      output: [value("y")],
      initializer: [tensor("a"), tensor("b")],
      node: [{ opType: "Add", input: ["a", "b"], output: ["y"] }],
    }).graph;
    const [a, b] = adds[0]!.inputs;
    expect(a!.shape).toEqual([2, 3]);
    expect(b!.shape).toBe(a!.shape);
  });
});
