import { cloneGraph } from "../clone.js";
import type { Graph, Model } from "../graph.js";
import { inferShapes, type Unfollowed } from "../infer/infer-shapes.js";
import { type AssumedDim, resolveInputShapes } from "../infer/input-shapes.js";
import type { Shape } from "../shape.js";
import { dequantizeConstants, foldConstants } from "./fold-constants.js";
import { foldQdq } from "./fold-qdq.js";
import { inlineKnownBranches } from "./inline-branches.js";
import { lowerQLinear } from "./lower-qlinear.js";
import { type PassRun, runPasses } from "./pass.js";
import { removeIdentity } from "./remove-identity.js";
import { removeUnused } from "./remove-unused.js";

export interface NormalizeOptions {
  /** Shapes of inputs by name, in place of the recorded ones. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
  /** "keep" leaves shapes unknown that depend on the data, and lists them; default is a LabError. */
  readonly onUnknown?: "error" | "keep";
}

/** What was decided on the way to a normalised graph. */
export interface NormalizeReport {
  /** Batch dimensions that the file leaves open and that were taken as 1. */
  readonly assumedDims: readonly AssumedDim[];
  /** Nodes whose recorded shapes were believed, as no rule infers them. */
  readonly assumed: readonly Unfollowed[];
  readonly unknown: readonly Unfollowed[];
  readonly passes: readonly PassRun[];
}

export interface NormalizedModel {
  readonly graph: Graph;
  readonly report: NormalizeReport;
}

/** An open first dimension is a batch, and a microcontroller runs one sample at a time. */
const OPEN_BATCH = 1;

/**
 * Returns the graph that every later stage runs on: shapes known, constants computed, quantisation on the
 * tensors, nothing that does no work. The model stays as it is, so it may be normalised again at another
 * resolution. Throws a LabError that names the input or the node that stands in the way.
 *
 * @example
 * const { graph } = normalizeModel(model, { inputShapes: new Map([["image", [1, 3, 96, 96]]]) });
 */
export function normalizeModel(model: Model, options: NormalizeOptions = {}): NormalizedModel {
  const graph = cloneGraph(model.graph);
  const given = options.inputShapes ?? new Map<string, Shape>();
  const { shapes, assumed: assumedDims } = resolveInputShapes(graph, { given, batch: OPEN_BATCH });
  const before = runPasses(graph, [lowerQLinear]);
  const { assumed, unknown } = inferShapes(graph, {
    inputShapes: shapes,
    ...(options.onUnknown === undefined ? {} : { onUnknown: options.onUnknown }),
  });
  const after = runPasses(graph, [
    foldConstants,
    inlineKnownBranches,
    foldQdq,
    dequantizeConstants,
    removeIdentity,
    removeUnused,
  ]);
  return { graph, report: { assumedDims, assumed, unknown, passes: [...before, ...after] } };
}
