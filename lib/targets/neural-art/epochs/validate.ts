/** An independent judge of epoch plans, simple enough to be seen to be right. */
import type { Graph } from "../../../graph/graph.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { EpochPlan } from "../records.js";

/** Variables that live from one run to the next: nobody computes them, and they are no constants. */
function state(graph: Graph): Tensor[] {
  const read = graph.nodes.flatMap((node) => node.inputs);
  return read.filter((tensor): tensor is Tensor => {
    if (!tensor || tensor.isConstant || graph.inputs.includes(tensor)) return false;
    return graph.producer(tensor) === undefined;
  });
}

/**
 * Returns what is wrong with the plan, one sentence each; empty when nothing is. Checked: each node of the
 * graph is in one epoch or free, once; epochs count from 1; what an epoch reads was handed over or written
 * before; every result is written; an epoch off the NPU has a reason, one on it has none; an epoch that no
 * node asks for has a note; blobs are the longest runs of hw epochs.
 */
export function validatePlan(graph: Graph, plan: EpochPlan): readonly string[] {
  const problems: string[] = [];
  const seen = new Map<Node, number>();
  for (const node of [...plan.free, ...plan.epochs.flatMap(({ nodes }) => nodes)]) {
    seen.set(node, (seen.get(node) ?? 0) + 1);
  }
  for (const node of graph.nodes) {
    const times = seen.get(node) ?? 0;
    if (times !== 1) problems.push(`${node.describe()} is planned ${times} times, expected once`);
    seen.delete(node);
  }
  for (const node of seen.keys()) problems.push(`${node.describe()} is planned but not in the graph`);

  const present = new Set<Tensor>([...plan.inputs, ...state(graph)]);
  plan.epochs.forEach((epoch, position) => {
    const name = `epoch ${epoch.index}`;
    if (epoch.index !== position + 1) problems.push(`${name} stands at place ${position + 1}`);
    for (const tensor of epoch.reads) {
      if (!present.has(tensor)) problems.push(`${name} reads '${tensor.name}' before it is written`);
    }
    for (const tensor of epoch.writes) present.add(tensor);
    const onNpu = epoch.kind === "hw";
    if (onNpu !== (epoch.reason === null)) problems.push(`${name} is ${epoch.kind} with the wrong reason`);
    if (epoch.nodes.length === 0 && epoch.note === null) problems.push(`${name} has neither node nor note`);
  });
  for (const tensor of plan.outputs) {
    if (!present.has(tensor)) problems.push(`result '${tensor.name}' is never written`);
  }

  const inBlob = (index: number) => plan.blobs.some(([first, last]) => index >= first && index <= last);
  if (plan.options.epochController) {
    for (const { index, kind } of plan.epochs) {
      if (inBlob(index) !== (kind === "hw"))
        problems.push(`epoch ${index} (${kind}) is on the wrong side of a blob`);
    }
    plan.blobs.forEach(([first], position) => {
      const before = plan.blobs[position - 1];
      if (before && before[1] >= first - 1) problems.push(`blobs end at ${before[1]} and start at ${first}`);
    });
  } else if (plan.blobs.length > 0) {
    problems.push("there are blobs without an epoch controller");
  }
  return problems;
}
