/** Pools, resizes, pads and concatenations on the NPU and its DMA. */
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { Reason } from "../../rule.js";
import { padsMapOnly, resizeFactors } from "../rules/movement.js";
import { isGlobalPool, windowOf } from "../rules/pooling.js";
import { derived, type Scope } from "./scope.js";
import { always, type OpenEpoch } from "./step.js";

/** Channels up to which a global pool was seen in the epoch of its convolution (2.1, 2.2): 64 yes, 256 no. */
const POOLED_WITH_LAYER = 128;

/**
 * A global pool takes a convolution's result as it is computed in 2.x, when that convolution is one step of few
 * channels. From 3.0 on it is an epoch by itself: MobileNetV2-0.5-128, 16 channels, 2.1 against 3.0.
 */
function poolsWithLayer(scope: Scope): (open: OpenEpoch) => boolean {
  return ({ steps }) => {
    const layer = steps.find(({ nodes, layer }) => layer && nodes.includes(layer.node))?.layer;
    if (!layer || scope.options.tool >= "3.0") return false;
    return layer.geometry.kind !== "depthwise" && layer.geometry.outputChannels <= POOLED_WITH_LAYER;
  };
}

export function lowerGlobalPool(scope: Scope, node: Node): void {
  scope.emit({
    op: node.op,
    nodes: [node],
    reads: scope.reads([node.inputs[0]]),
    writes: scope.writes(node),
    units: { pooling: 1 },
    joins: poolsWithLayer(scope),
  });
}

/** A 2×2 or 3×3 pool streams; a k×k maximum is (k − 1) / 2 pools of 3×3, two in an epoch. */
export function lowerPool(scope: Scope, node: Node): void {
  if (isGlobalPool(node)) {
    lowerGlobalPool(scope, node);
    return;
  }
  const window = Math.max(...windowOf(node));
  const count = Math.max(1, Math.ceil((window - 1) / 2));
  let reads: readonly Tensor[] = scope.reads([node.inputs[0]]);
  for (let index = 1; index <= count; index++) {
    const last = index === count;
    const output = last ? node.output() : derived(node.output(), `${node.output().name}/pool${index}`);
    scope.emit({
      op: node.op,
      nodes: last ? [node] : [],
      reads: [...reads],
      writes: last ? scope.writes(node) : [output],
      units: { pooling: 1 },
      joins: count === 1 || index > 1 ? always : () => false,
      note:
        count > 1
          ? `pool ${index} of ${count} that make the ${window}×${window} window of '${node.name}'`
          : null,
    });
    reads = [output];
  }
}

export function lowerResize(scope: Scope, node: Node, reason: Reason): void {
  const factors = resizeFactors(node) ?? [1, 1];
  const copies = derived(node.output(), `${node.output().name}/copies`);
  scope.emit({
    op: "Concat",
    reads: scope.reads([node.inputs[0]]),
    writes: [copies],
    seals: true,
    note: `puts ${factors[0] * factors[1]} copies of the input of '${node.name}' side by side`,
  });
  scope.emit({
    kind: "hybrid",
    op: "DepthToSpace",
    nodes: [node],
    reads: [copies],
    writes: scope.writes(node),
    reason,
    note: `spreads the copies for '${node.name}'`,
  });
}

/** Free when the readers are convolutions that pad as they read. */
export function lowerPad(scope: Scope, node: Node): void {
  const reads = scope.reads([node.inputs[0]]);
  const readers = scope.graph.consumers(node.output());
  const read = readers.length > 0 && readers.every((reader) => scope.acceleratedLayer(reader) !== null);
  if (read && padsMapOnly(node, scope.layout)) {
    scope.free(node, reads);
    return;
  }

  const reason = scope.extraWork(node).find(({ rule }) => rule === "N6-PAD-01") ?? null;
  if (!reason) {
    const writes = scope.writes(node);
    scope.emit({ op: "Pad", nodes: [node], reads, writes, units: { convolution: 1 }, seals: true });
    return;
  }
  const turned = derived(node.input(0), `${node.input(0).name}/turned/${node.name}`);
  const padded = derived(node.output(), `${node.output().name}/turned`);
  const note = `turns the channels of '${node.name}' into columns and back`;
  scope.emit({ kind: "hybrid", op: "Transpose", reads, writes: [turned], reason, note });
  scope.emit({
    op: "Pad",
    nodes: [node],
    reads: [turned],
    writes: [padded],
    units: { convolution: 1 },
    seals: true,
  });
  scope.emit({ kind: "hybrid", op: "Transpose", reads: [padded], writes: scope.writes(node), reason, note });
}

/**
 * Up to 2.2 an epoch copies the parts together. From 3.0 on the parts are written where they belong and the
 * concatenation is free: st_yolo_x nano has 13 fewer NPU epochs, and 13 concatenations that were on the NPU.
 */
export function lowerConcat(scope: Scope, node: Node): void {
  const reads = scope.reads(node.inputs);
  const computed = node.inputs.every((input) => input && !input.isConstant && scope.graph.producer(input));
  const apart = new Set(reads).size === node.inputs.length;
  const side = scope.options.tool >= "3.0" && computed && apart;
  if (side) scope.free(node, reads);
  else scope.emit({ op: "Concat", nodes: [node], reads, writes: scope.writes(node), seals: true });
}

/** A node that the CPU drives through DMA, as one epoch. */
export function lowerHybrid(scope: Scope, node: Node, reason: Reason): void {
  scope.emit({
    kind: "hybrid",
    op: node.op,
    nodes: [node],
    reads: scope.reads(node.inputs),
    writes: scope.writes(node),
    reason,
  });
}
