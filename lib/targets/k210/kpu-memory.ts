/**
 * What layers take in the unit's own memory, and whether they fit.
 *
 *   112x112 map of 24 channels: rows of 112 take 2 lines of 64 B: 2 × 112 × 24 × 64 = 344,064 B
 *     7x7 map of 768 channels: 4 channels share a line:     7 × 768 / 4 × 64       =  86,016 B
 */
import type { LayerGeometry } from "../../graph/geometry.js";
import { imageSize, layoutOf } from "../../graph/geometry.js";
import type { Graph } from "../../graph/graph.js";
import type { Node } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import { type Bytes, bytes } from "../../units.js";
import { KPU, KPU_MEMORY, VIEWS } from "./facts.js";
import { type Holding, holdNodes } from "./kmodel.js";

export interface MapSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Returns the width that a row takes: 16, 32, or whole lines. */
export function rowPitch(width: number): number {
  const { quarterLine, halfLine, lineBytes } = KPU_MEMORY;
  if (width <= quarterLine.value) return quarterLine.value;
  if (width <= halfLine.value) return halfLine.value;
  return Math.ceil(width / lineBytes.value) * lineBytes.value;
}

/** Returns what a map takes in the unit's memory; maps under 4x4 are padded to 4x4 first. */
export function mapBytes({ height, width, channels }: MapSize): Bytes {
  const side = KPU.minSide.value;
  const pitch = rowPitch(Math.max(width, side));
  const line = KPU_MEMORY.lineBytes.value;
  const sharing = Math.min(channels, Math.max(1, line / pitch));
  const lines = Math.ceil(pitch / line) * Math.max(height, side) * Math.ceil(channels / sharing);
  return bytes(lines * line);
}

/** A layer of the unit: what it computes, and the maps that it reads and writes once its pool is applied. */
export interface UnitLayer {
  readonly node: Node;
  readonly geometry: LayerGeometry;
  readonly readBytes: Bytes;
  readonly writtenBytes: Bytes;
}

/** Returns what the unit writes for a layer: the last of the steps that it does by itself behind it. */
function writtenBy(graph: Graph, node: Node, held: ReadonlyMap<Node, Holding>): Tensor {
  let output = node.output();
  for (;;) {
    const [reader, ...others] = graph.consumers(output);
    if (!reader || others.length > 0 || held.get(reader)?.kind !== "nothing") return output;
    if (VIEWS.has(reader.op) || reader.op === "Pad") return output;
    output = reader.output();
  }
}

/** Returns the layers of the unit in running order. Shapes must be inferred and static. */
export function unitLayers(graph: Graph, held: ReadonlyMap<Node, Holding> = holdNodes(graph)): UnitLayer[] {
  return [...held].flatMap(([node, holding]) => {
    if (holding.kind !== "unit") return [];
    const { geometry } = holding;
    const written =
      geometry.kind === "dense"
        ? { height: 1, width: 1, channels: geometry.outputChannels }
        : imageSize(writtenBy(graph, node, held), layoutOf(node));
    const { inputHeight: height, inputWidth: width, inputChannels: channels } = geometry;
    const readBytes = mapBytes({ height, width, channels });
    return [{ node, geometry, readBytes, writtenBytes: mapBytes(written) }];
  });
}
