import { describe, expect, it } from "vitest";
import { decodeGraph, value } from "./drafts.js";

const raw = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe("LateValues", () => {
  it("gives one tensor per name, with the bytes of the file", () => {
    const { graph } = decodeGraph({
      input: [value("x", [2])],
      output: [value("y")],
      initializer: [
        { name: "w", dims: [2], dataType: 1, rawData: raw([1, 2]) },
        { name: "v", dims: [2], dataType: 1, rawData: raw([3, 4]) },
      ],
      node: [
        { opType: "Add", name: "a", input: ["x", "w"], output: ["t"] },
        { opType: "Mul", name: "b", input: ["t", "v"], output: ["u"] },
        { opType: "Add", name: "c", input: ["u", "w"], output: ["y"] },
      ],
    });
    const [a, b, c] = graph.nodes;
    expect(a!.input(1)).toBe(c!.input(1));
    expect(b!.input(0)).toBe(a!.output());
    expect([...a!.input(1).data!.read()]).toEqual([...raw([1, 2])]);
    expect([...b!.input(1).data!.read()]).toEqual([...raw([3, 4])]);
    expect(b!.input(1)).toMatchObject({ name: "v", dtype: "float32", shape: [2], isConstant: true });
  });

  it("takes element types from inputs that nobody looked at", () => {
    const { graph } = decodeGraph({
      output: [value("y")],
      initializer: [{ name: "w", dims: [1], dataType: 7, rawData: new Uint8Array(8) }],
      node: [
        { opType: "Identity", name: "a", input: ["w"], output: ["t"] },
        { opType: "Equal", name: "b", input: ["t", "t"], output: ["u"] },
        { opType: "Not", name: "c", input: ["u"], output: ["y"] },
      ],
    });
    // The file declares the last one, whatever the operator gives.
    expect(graph.nodes.map((node) => node.output().dtype)).toEqual(["int64", "bool", "float32"]);
  });
});
