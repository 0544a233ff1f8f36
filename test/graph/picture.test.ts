import { describe, expect, it } from "vitest";
import { JUPYTER_DISPLAY } from "../../lib/display.js";
import { Graph } from "../../lib/graph/graph.js";
import { Node } from "../../lib/graph/node.js";
import { placeNodes } from "../../lib/graph/picture.js";
import { Tensor } from "../../lib/graph/tensor.js";

const tensor = (name: string) => new Tensor({ name, dtype: "int8", shape: [1, 4] });
const node = (name: string, inputs: Tensor[], output: Tensor, index: number) =>
  new Node({
    name,
    op: `Op<${name}>`,
    inputs,
    outputs: [output],
    source: { format: "built", op: name, index },
  });

/** The example of picture.ts. */
function diamond(): Graph {
  const [x, a, b, c, d] = ["x", "a", "b", "c", "d"].map(tensor) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const nodes = [node("a", [x], a, 0), node("b", [a], b, 1), node("c", [a], c, 2), node("d", [b, c], d, 3)];
  return new Graph({ name: "diamond", inputs: [x], outputs: [d], nodes });
}

function chain(length: number): Graph {
  const tensors = Array.from({ length: length + 1 }, (_, index) => tensor(`t${index}`));
  const nodes = tensors.slice(1).map((output, index) => node(`n${index}`, [tensors[index]!], output, index));
  return new Graph({ name: "chain", inputs: [tensors[0]!], outputs: [tensors.at(-1)!], nodes });
}

describe("placeNodes()", () => {
  it("puts each operator below all that it reads", () => {
    expect(placeNodes(diamond()).map(({ node: { name }, row, slot }) => [name, row, slot])).toEqual([
      ["a", 0, 0],
      ["b", 1, 0],
      ["c", 1, 1],
      ["d", 2, 0],
    ]);
  });
});

describe("a graph in a notebook", () => {
  it("is a picture with a box per operator and a line per edge, and words beside it", () => {
    const bundle = diamond()[JUPYTER_DISPLAY]();
    const svg = String(bundle["image/svg+xml"]);
    expect(svg.match(/<rect x=/g)).toHaveLength(4);
    expect(svg.match(/<path/g)).toHaveLength(4);
    expect(svg).toContain("Op&lt;a&gt;");
    expect(svg).not.toMatch(/NaN|undefined|Op<a>/);
    expect(bundle["text/plain"]).toContain(
      "Graph 'diamond': 4 operators (1 Op<a>, 1 Op<b>, 1 Op<c>, 1 Op<d>)",
    );
  });

  it("says how many operators it leaves out", () => {
    const svg = String(chain(201)[JUPYTER_DISPLAY]()["image/svg+xml"]);
    expect(svg).toContain("The first 200 of 201 operators");
    expect(svg.match(/<rect x=/g)).toHaveLength(200);
    expect(String(chain(200)[JUPYTER_DISPLAY]()["image/svg+xml"])).not.toContain("The first");
  });
});
