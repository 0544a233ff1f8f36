import { describe, expect, it } from "vitest";
import {
  decodeGraph,
  float,
  type GraphDraft,
  type ModelDraft,
  type NodeDraft,
  refusal,
  value,
} from "./drafts.js";

describe("functions", () => {
  const draft = (body: NodeDraft[]): ModelDraft => ({
    opsetImport: [
      { domain: "", version: 17 },
      { domain: "local", version: 1 },
    ],
    functions: [
      {
        name: "Twice",
        domain: "local",
        input: ["a"],
        output: ["b"],
        attribute: ["slope"],
        node: body,
        opsetImport: [{ domain: "", version: 17 }],
      } as never,
    ],
  });
  const graph: GraphDraft = {
    input: [value("x", [2])],
    output: [value("y")],
    node: [
      {
        opType: "Twice",
        domain: "local",
        input: ["x"],
        output: ["h"],
        name: "first",
        attribute: [float("slope", 0.5)],
      },
      { opType: "Twice", domain: "local", input: ["h"], output: ["y"], name: "second" },
    ],
  };
  const slope = { name: "alpha", type: 1, refAttrName: "slope" };

  it("are put in the place of their calls", () => {
    const body = [
      { opType: "LeakyRelu", input: ["a"], output: ["inner"], attribute: [slope] },
      { opType: "Neg", input: ["inner"], output: ["b"] },
    ];
    const model = decodeGraph(graph, { model: draft(body) });
    expect(model.graph.nodes.map(({ name, op, attributes }) => [name, op, attributes])).toEqual([
      ["first/inner", "LeakyRelu", { alpha: 0.5 }],
      ["first/b", "Neg", {}],
      ["second/inner", "LeakyRelu", {}],
      ["second/b", "Neg", {}],
    ]);
    expect(model.graph.nodes.map(({ outputs }) => outputs[0]!.name)).toEqual([
      "first/inner",
      "h",
      "second/inner",
      "y",
    ]);
    expect(model.graph.nodes[2]!.inputs[0]).toBe(model.graph.nodes[1]!.outputs[0]);
  });

  it("that call themselves are refused", () => {
    const body = [{ opType: "Twice", domain: "local", input: ["a"], output: ["b"] }];
    expect(refusal(() => decodeGraph(graph, { model: draft(body) })).message).toMatch(/nests deeper than 32/);
  });
});
