/** Epochs of a network: what the vendor's compiler schedules, predicted from the graph. */
import type { Graph } from "../../../graph/graph.js";
import type { Layout, Node } from "../../../graph/node.js";
import type { Reason } from "../../rule.js";
import type { CompileOptions, Epoch, EpochPlan } from "../records.js";
import { impliedLayout } from "../rules/site.js";
import { arrangeInputs, dropConversions, inputPlaces, type Ports, usualPorts } from "./edges.js";
import { lowerNodes } from "./lower.js";
import { runningOrder } from "./order.js";
import { packSteps } from "./pack.js";
import { Scope, type Waivers } from "./scope.js";

/** The layout that image operators of the graph declare; what the file's format implies where none does. */
function layoutOfGraph(graph: Graph): Layout {
  const declared = graph.nodes.map((node: Node) => node.attributes.layout);
  const found = declared.find((layout): layout is Layout => layout === "NHWC" || layout === "NCHW");
  const [first] = graph.nodes;
  return found ?? (first ? impliedLayout(first) : "NHWC");
}

/** Returns [first, last] of each run of consecutive hw epochs: what the epoch controller plays as one blob. */
export function blobsOf(epochs: readonly Epoch[]): readonly (readonly [number, number])[] {
  const blobs: [number, number][] = [];
  for (const { kind, index } of epochs) {
    if (kind !== "hw") continue;
    const last = blobs.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else blobs.push([index, index]);
  }
  return blobs;
}

export interface FormedEpochs extends EpochPlan {
  /** The rules that sent a node off the NPU or cost it epochs; the objects that `epochs` carry as reasons. */
  readonly reasons: ReadonlyMap<Node, readonly Reason[]>;
}

/**
 * Returns the epochs of a normalised graph (shapes inferred, Q/DQ pairs folded) in running order. `ports` says
 * what the application hands over and takes; by default what builds without such options show. `waivers` ask
 * what the schedule would be without some of the rules.
 *
 * Deterministic; O(nodes + edges). Throws a LabError that names the tensor when a layer's shape is not known.
 * Where it falls short of the compiler: convolutions that stream into the next one (kernels that need one pass
 * over their input), independent branches that share an epoch, and reshapes that mix channels with positions.
 */
export function formEpochs(
  graph: Graph,
  options: CompileOptions,
  ports: Partial<Ports> = {},
  waivers?: Waivers,
): FormedEpochs {
  const scope = new Scope(graph, options, layoutOfGraph(graph), waivers);
  const dropped = dropConversions(scope, { ...usualPorts(scope), ...ports });
  const inputs = inputPlaces(scope);
  arrangeInputs(scope);
  lowerNodes(scope, runningOrder(graph, options.tool), dropped);
  const outputs = scope.reads(graph.outputs);
  const epochs = packSteps(scope.steps, outputs);
  return {
    options,
    epochs,
    blobs: options.epochController ? blobsOf(epochs) : [],
    inputs,
    outputs,
    free: scope.freeNodes,
    storage: scope.storage.places(),
    reasons: scope.reasons(),
  };
}
