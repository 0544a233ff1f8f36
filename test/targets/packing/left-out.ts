/** Fitted constants, fitted anew without one network and held against it. */
import { layerGeometry } from "../../../lib/graph/geometry.js";
import { type PlainLimits, usesDeepMode } from "../../../lib/targets/neural-art/packing/deep-mode.js";
import { inflation } from "../../../lib/targets/neural-art/packing/inflation.js";
import { type WeightedLayer, weightedLayer } from "../../../lib/targets/neural-art/packing/layer.js";
import { type CompiledNetwork, MODELS, openGraph, optionsOf, readRows } from "./compiled.js";

export function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

/** Number of entries that two multisets do not share. */
export function difference(a: Map<string, number>, b: Map<string, number>): number {
  let total = 0;
  for (const key of new Set([...a.keys(), ...b.keys()]))
    total += Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0));
  return total;
}

export function layersOf(id: CompiledNetwork): readonly WeightedLayer[] {
  return openGraph(MODELS[id]).nodes.flatMap((node) => {
    const geometry = layerGeometry(node);
    return geometry ? [weightedLayer(node, geometry, false)] : [];
  });
}

export interface LeftOut {
  readonly network: string;
  readonly layers: number;
  /** Layers that the constants fitted to all other networks get wrong. */
  readonly wrong: number;
  readonly constants: string;
}

/**
 * Fits by trying all candidates: the middle one of those with the fewest errors on the other networks. `errors` of
 * a network for a candidate count layers.
 */
function leaveOneOut<Candidate>(
  networks: readonly { readonly id: string; readonly layers: number }[],
  candidates: readonly Candidate[],
  errors: (id: string, candidate: Candidate) => number,
  describe: (candidate: Candidate) => string,
): readonly LeftOut[] {
  const table = candidates.map((candidate) => ({
    candidate,
    errors: new Map(networks.map(({ id }) => [id, errors(id, candidate)] as const)),
  }));
  return networks.map(({ id, layers }) => {
    const others = networks.filter((other) => other.id !== id);
    const scored = table.map((row) => ({
      row,
      total: others.reduce((total, other) => total + row.errors.get(other.id)!, 0),
    }));
    const least = Math.min(...scored.map(({ total }) => total));
    const best = scored.filter(({ total }) => total === least);
    const { row } = best[best.length >> 1]!;
    return { network: id, layers, wrong: row.errors.get(id)!, constants: describe(row.candidate) };
  });
}

const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => from + index * step);

/** Returns the choice between deep and plain mode, its three limits fitted without each network. */
export function deepLeftOut(): readonly LeftOut[] {
  const rows = readRows("layers");
  // The second copy of st_yolo_x is the same build.
  const ids = (Object.keys(MODELS) as CompiledNetwork[]).filter((id) => id !== "xc_people_styolox480");
  const networks = ids.map((id) => {
    const own = rows.filter((row) => row.model === id && row.op !== "DepthwiseConv" && row.kh === "1");
    const layers = layersOf(id).filter(
      ({ kernelHeight, kernelWidth, groups }) => kernelHeight * kernelWidth * groups === 1,
    );
    const observed = countBy(own, (row) => `${row.cin}>${row.cout} ${row.packing_mode === "deep24"}`);
    return { id, layers, observed, options: optionsOf(rows.find((row) => row.model === id)!) };
  });
  const candidates = range(10, 60, 5).flatMap((early) =>
    range(0.5, 2, 0.1).flatMap((late) =>
      range(10, 80, 10).map((passes): PlainLimits => ({ early, late, passes })),
    ),
  );
  const errors = (id: string, limits: PlainLimits) => {
    const { layers, observed, options } = networks.find((network) => network.id === id)!;
    const predicted = countBy(
      layers,
      (layer) => `${layer.inputChannels}>${layer.outputChannels} ${usesDeepMode(layer, options, limits)}`,
    );
    return difference(observed, predicted) / 2;
  };
  const sizes = networks.map(({ id, layers }) => ({ id, layers: layers.length }));
  return leaveOneOut(
    sizes,
    candidates,
    errors,
    ({ early, late, passes }) => `${early}; ${late.toFixed(1)}; ${passes}`,
  );
}

/** Returns the depthwise group of 3.0 and 4.0, its cycles per byte fitted without each network. */
export function groupLeftOut(): readonly LeftOut[] {
  const rows = readRows("layers");
  const ids = ["reid_network_dk", "reid_reid_nucleo", "fd_blazeface_dk"] as const;
  const networks = ids.map((id) => {
    const own = rows.filter((row) => row.model === id && row.op === "DepthwiseConv");
    const observed = countBy(own, (row) => `${row.cout} ${row.inflate_group || 1}`);
    const layers = layersOf(id).filter((layer) => layer.kind === "depthwise");
    return { id, layers, observed, options: optionsOf(own[0]!) };
  });
  const errors = (id: string, cycles: number) => {
    const { layers, observed, options } = networks.find((network) => network.id === id)!;
    const predicted = countBy(
      layers,
      (layer) => `${layer.outputChannels} ${inflation(layer, options, cycles).group}`,
    );
    return difference(observed, predicted) / 2;
  };
  const sizes = networks.map(({ id, layers }) => ({ id, layers: layers.length }));
  return leaveOneOut(sizes, range(1, 20, 0.1), errors, (cycles) => cycles.toFixed(1));
}
