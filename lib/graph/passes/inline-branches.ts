import { tensorNumbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { branchOf } from "../infer/control.js";
import { Node } from "../node.js";
import { isStatic } from "../shape.js";
import { foldConstants } from "./fold-constants.js";
import type { Pass } from "./pass.js";

/** Returns the branch of an If whose condition is a constant; null for any other node. */
function takenBranch(node: Node): Graph | null {
  const condition = node.op === "If" ? node.inputs[0] : null;
  if (!condition?.isConstant || !isStatic(condition.shape)) return null;
  return branchOf(node, tensorNumbers(condition)[0]!);
}

/** Returns the nodes of the branch, and an Identity for each result that takes the name of the If's. */
function unfold(node: Node, branch: Graph): Node[] {
  const handedOut = node.outputs.map((output, index) => {
    const name = `${node.name}/${index}`;
    return new Node({
      name,
      op: "Identity",
      inputs: [branch.outputs[index] ?? null],
      outputs: [output],
      source: node.source,
    });
  });
  return [...branch.nodes, ...handedOut];
}

function inlineOnce(graph: Graph): number {
  let inlined = 0;
  const nodes = graph.nodes.flatMap((node) => {
    const branch = takenBranch(node);
    if (!branch) return [node];
    inlined += 1;
    return unfold(node, branch);
  });
  if (inlined > 0) graph.setNodes(nodes);
  return inlined;
}

/** A branch may compute the condition of an If inside of it, which becomes a constant once it is unfolded. */
function inlineBranches(graph: Graph): number {
  let total = 0;
  for (let count = inlineOnce(graph); count > 0; count = inlineOnce(graph)) {
    foldConstants.run(graph);
    total += count;
  }
  return total;
}

/**
 * Exporters ask at run time what the shapes decide: `If(rank == 4) Squeeze else Identity`. Where the condition
 * came out as a constant, the branch takes the place of the If.
 */
export const inlineKnownBranches: Pass = {
  name: "inline-known-branches",
  sentence: "Replaces an If whose condition is known by the branch that it takes",
  requires: "constants are folded",
  ensures: "the condition of each If depends on the network's inputs",
  run: inlineBranches,
};
