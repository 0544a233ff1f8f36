/**
 * Networks of channels-last files with channels first inside, as ONNX wants them. Images turn at the edges
 * alone:
 *
 *     x NHWC ─▶ Conv ─▶ Add ─▶ Mean ─▶ Gemm      becomes      x ─▶ Transpose ─▶ Conv ─▶ Add ─▶ Mean ─▶ Gemm
 *
 * The pass walks the nodes in running order and keeps, for a tensor of four axes, its turned form beside the
 * recorded one. Convolutions, pools and resizing take and give turned forms. Operators that do not care
 * (Add, Concat, Pad, …) follow their inputs, with their axes renamed. Any other operator reads the recorded
 * form, which is turned back when the first one asks. Turning is a Reshape where it moves no element.
 */
import { capturedTensors } from "../captured.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node, stringAttribute } from "../node.js";
import { Tensor } from "../tensor.js";
import { followLayout } from "./channels-first-follow.js";
import { Layouts } from "./channels-first-layouts.js";
import { turnInput } from "./channels-first-operands.js";
import type { Pass } from "./pass.js";
import { permutedConstant, permutedShape } from "./permute-constant.js";

/** Weights in ONNX's order. Sources of the names: geometry.ts. */
const WEIGHT_PERMS: Readonly<Record<string, readonly number[]>> = {
  "Conv OHWI": [0, 3, 1, 2],
  "Conv 1HWO": [3, 0, 1, 2],
  "ConvTranspose OHWI": [3, 0, 1, 2],
};
const WEIGHT_LAYOUTS: Readonly<Record<string, string>> = { Conv: "OIHW", ConvTranspose: "IOHW" };

/** Convolutions, pools, resizing: whatever says that its images are NHWC. */
function turnImageNode(node: Node, layouts: Layouts): void {
  const { op } = node;
  const attributes: Record<string, Attributes[string]> = { ...node.attributes, layout: "NCHW" };
  const inputs = node.inputs.map((input, index) => {
    if (!input) return null;
    if (index === 0) return layouts.first(input, node);
    if (op === "Resize") return turnInput(input, "values");
    return layouts.recorded(input, node);
  });
  if (WEIGHT_LAYOUTS[op]) {
    const layout = stringAttribute(node, "weightLayout", WEIGHT_LAYOUTS[op]);
    inputs[1] = turnWeights(node, inputs[1]!, layout, layouts);
    attributes.weightLayout = WEIGHT_LAYOUTS[op]!;
  }
  layouts.push(
    node,
    inputs,
    node.outputs.map((output) => layouts.giveFirst(output)),
    attributes,
  );
}

function turnWeights(node: Node, weights: Tensor, layout: string, layouts: Layouts): Tensor {
  const perm = WEIGHT_PERMS[`${node.op} ${layout}`];
  if (!perm) return weights;
  if (weights.isConstant) return permutedConstant(weights, perm);
  const turned = new Tensor({
    name: `${weights.name}/turned`,
    dtype: weights.dtype,
    shape: permutedShape(weights.staticShape(), perm),
    quantization: weights.quantization,
  });
  const name = `${turned.name}/turn`;
  layouts.nodes.push(
    new Node({
      name,
      op: "Transpose",
      inputs: [weights],
      outputs: [turned],
      attributes: { perm },
      source: node.source,
    }),
  );
  return turned;
}

function turnImages(graph: Graph): number {
  const layouts = new Layouts(graph);
  const captured = capturedTensors(graph);
  let turned = 0;
  for (const node of graph.nodes) {
    if (node.attributes.layout === "NHWC") {
      turnImageNode(node, layouts);
      turned += 1;
    } else if (!followLayout(node, layouts)) {
      layouts.push(
        node,
        node.inputs.map((input) => input && layouts.recorded(input, node)),
        node.outputs,
      );
    }
    for (const output of node.outputs) if (captured.has(output)) layouts.recorded(output, node);
  }
  layouts.finish();
  return turned;
}

export const channelsFirst: Pass = {
  name: "channels-first",
  sentence: "Gives images their channels before height and width, weights the order that goes with it",
  requires: "shapes are static; pads are explicit",
  ensures: "every image operator has the layout NCHW; inputs and outputs of the graph are as before",
  run: turnImages,
};
