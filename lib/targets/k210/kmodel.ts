/**
 * What a network takes as a kmodel V3, layer by layer in running order. Only sizes: the numbers of the tables
 * need calibration data, which is another tool's work.
 *
 *   convolution 3x3, 16 to 16 channels, its arguments starting at byte 100:
 *     arguments 100..124, gap 4, registers 128..224, gap 32, weights 256..2560 (2,304),
 *     per-channel 2560..2688 (128), table 2688..2832 (144)
 */
import { type LayerGeometry, layerGeometry } from "../../graph/geometry.js";
import type { Graph } from "../../graph/graph.js";
import { type Node, numbersAttribute } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import { bytes, sum } from "../../units.js";
import type { Finding } from "../rule.js";
import type { Obstacle, StoredCause, StoredEntry, StoredForm, StoringRule } from "../stored-form.js";
import { CPU_LAYERS, KMODEL, KMODEL_RULES, KPU, TABLE_ACTIVATIONS, VIEWS } from "./facts.js";

/** How a node is held: by the unit, by the CPU, inside the convolution before it, or not at all. */
export type Holding =
  | { readonly kind: "unit"; readonly geometry: LayerGeometry }
  | { readonly kind: "float dense"; readonly geometry: LayerGeometry }
  | { readonly kind: "cpu"; readonly bytes: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "obstacle"; readonly finding: Finding };

/** Returns why the unit cannot run a layer, or null when it can. */
export function kpuFinding(layer: LayerGeometry): Finding | null {
  const { kernelHeight, kernelWidth, groups, inputChannels, outputChannels, strides, dilations } = layer;
  const sizes = KPU.kernels.value;
  if (layer.kind === "transpose") {
    return {
      why: "transposed convolution",
      fix: "resize by nearest neighbour, then convolve: both have a layer",
    };
  }
  if (kernelHeight !== kernelWidth || !sizes.includes(kernelHeight)) {
    return {
      why: `kernel ${kernelHeight}x${kernelWidth}, expected ${sizes.map((size) => `${size}x${size}`).join(" or ")}`,
      fix: "stack 3x3 kernels in place of a larger one",
    };
  }
  if (groups !== 1 && layer.kind !== "depthwise") {
    return {
      why: `${groups} groups, expected 1 or one per channel`,
      fix: "use ordinary or depthwise layers",
    };
  }
  if (outputChannels !== inputChannels && layer.kind === "depthwise") {
    return {
      why: `depthwise with ${outputChannels / inputChannels} outputs per channel, expected 1`,
      fix: "use an ordinary convolution",
    };
  }
  if (dilations[0] !== 1 || dilations[1] !== 1) {
    return { why: `dilation ${dilations.join("x")}, expected 1`, fix: "use a plain 3x3 kernel" };
  }
  if (strides[0] !== strides[1] || strides[0] > KPU.maxStride.value) {
    return {
      why: `stride ${strides.join("x")}, expected 1x1 or ${KPU.maxStride.value}x${KPU.maxStride.value}`,
      fix: "pool behind a layer of stride 1",
    };
  }
  const channels = Math.max(inputChannels, outputChannels);
  if (channels > KPU.maxChannels.value) {
    return { why: `${channels} channels, at most ${KPU.maxChannels.value}`, fix: "use a narrower network" };
  }
  if (layer.inputWidth > KPU.maxWidth.value || layer.inputHeight > KPU.maxHeight.value) {
    return {
      why: `map ${layer.inputHeight}x${layer.inputWidth}, at most ${KPU.maxHeight.value}x${KPU.maxWidth.value}`,
      fix: "use a lower resolution",
    };
  }
  return null;
}

/** The convolution that feeds a node, when nobody else reads it and the node can run inside it. */
function isBehindUnit(graph: Graph, node: Node, held: ReadonlyMap<Node, Holding>): boolean {
  const producer = graph.producer(node.input(0));
  if (producer === undefined || graph.consumers(node.input(0)).length > 1) return false;
  const holding = held.get(producer);
  if (holding?.kind === "unit") return true;
  return holding?.kind === "nothing" && isBehindUnit(graph, producer, held);
}

function isSmallPool(node: Node): boolean {
  const kernel = numbersAttribute(node, "kernel_shape", [0]);
  const strides = numbersAttribute(node, "strides", [1]);
  const sizes = [...kernel, ...strides];
  return sizes.every((size) => size === 2) || sizes.every((size) => size === 4);
}

function holdingOf(graph: Graph, node: Node, held: ReadonlyMap<Node, Holding>): Holding {
  const geometry = layerGeometry(node);
  if (geometry) {
    const finding = kpuFinding(geometry);
    if (geometry.kind === "dense" && geometry.inputWidth > 1) {
      return {
        kind: "obstacle",
        finding: {
          why: `dense layer on ${geometry.inputWidth} positions, expected 1`,
          fix: "use a 1x1 convolution",
        },
      };
    }
    if (finding === null) return { kind: "unit", geometry };
    return geometry.kind === "dense" ? { kind: "float dense", geometry } : { kind: "obstacle", finding };
  }
  if (VIEWS.has(node.op)) return { kind: "nothing" };
  const folds =
    TABLE_ACTIVATIONS.has(node.op) ||
    ((node.op === "MaxPool" || node.op === "AveragePool") && isSmallPool(node));
  if (folds && isBehindUnit(graph, node, held)) return { kind: "nothing" };
  if (node.op === "Pad") {
    const readers = graph.consumers(node.output());
    if (readers.every((reader) => layerGeometry(reader) !== null)) return { kind: "nothing" };
  }
  const arguments_ = CPU_LAYERS[node.op];
  if (arguments_) {
    const inputs = node.inputs.filter((input) => input !== null).length;
    return { kind: "cpu", bytes: arguments_.bytes + (arguments_.perInput ?? 0) * inputs };
  }
  return {
    kind: "obstacle",
    finding: {
      why: `${node.op} has no layer in kmodel V3`,
      fix: "replace it, or run it in the application behind the model",
    },
  };
}

/** Returns how each node of a graph is held, in running order. Shapes must be inferred and static. */
export function holdNodes(graph: Graph): ReadonlyMap<Node, Holding> {
  const held = new Map<Node, Holding>();
  for (const node of graph.nodes) held.set(node, holdingOf(graph, node, held));
  return held;
}

/** Writes nothing but positions: what a file of these records would be cut into. */
class Layout {
  position = 0;
  readonly ledger: StoredEntry[] = [];

  add(node: Node | null, what: string, cause: StoredCause, size: number, rule: StoringRule): void {
    if (size === 0) return;
    const at = { node: node?.name ?? "", op: node?.op ?? "" };
    this.ledger.push({ tensor: what, ...at, cause, bytes: bytes(size), rule: rule.id });
    this.position += size;
  }

  align(node: Node, boundary: number, rule: StoringRule): void {
    this.add(node, "gap", "alignment", (boundary - (this.position % boundary)) % boundary, rule);
  }
}

function addConvolution(layout: Layout, node: Node, { weights, outputChannels }: LayerGeometry): void {
  const rule = KMODEL_RULES.convolution;
  const block = KMODEL.blockAlignment.value;
  layout.add(node, "arguments", "header", KMODEL.convolution.value, rule);
  layout.align(node, KMODEL.registersAlignment.value, rule);
  layout.add(node, "registers", "registers", KMODEL.registers.value, rule);
  layout.align(node, block, rule);
  layout.add(node, weights.name, "kernel", weights.size, rule);
  layout.align(node, block, rule);
  layout.add(node, `${weights.name}.batchNorm`, "batchNorm", KMODEL.batchNorm.value * outputChannels, rule);
  layout.align(node, block, rule);
  layout.add(node, "activation table", "activation", KMODEL.activation.value, rule);
}

const isSmall = ({ inputHeight, inputWidth }: LayerGeometry) =>
  inputHeight < KPU.minSide.value || inputWidth < KPU.minSide.value;

/** Whether the values that the unit reads lie in main memory, so that an upload comes first. */
function needsUpload(graph: Graph, input: Tensor, held: ReadonlyMap<Node, Holding>): boolean {
  const producer = graph.producer(input);
  if (producer === undefined) return false;
  const holding = held.get(producer);
  return holding?.kind === "nothing" ? needsUpload(graph, producer.input(0), held) : holding?.kind !== "unit";
}

/**
 * Returns what a network takes as a kmodel V3 (8-bit weights), entry by entry, with the nodes that the format
 * has no layer for. Shapes must be inferred and static.
 */
export function storeAsKmodel(graph: Graph): StoredForm {
  const held = holdNodes(graph);
  const layout = new Layout();
  const obstacles: Obstacle[] = [];
  layout.add(null, "file header", "header", KMODEL.header.value, KMODEL_RULES.layer);
  layout.add(null, "outputs", "header", KMODEL.output.value * graph.outputs.length, KMODEL_RULES.layer);
  const header = KMODEL.layerHeader.value;
  const extraLayers = (node: Node, geometry: LayerGeometry): readonly (readonly [string, number])[] => {
    if (isSmall(geometry)) return [["add padding", KMODEL.padding.value]];
    return needsUpload(graph, node.input(0), held) ? [["upload", KMODEL.upload.value]] : [];
  };

  // All headers stand before the first body.
  for (const [node, holding] of held) {
    if (holding.kind === "nothing" || holding.kind === "obstacle") continue;
    layout.add(node, "layer header", "header", header, KMODEL_RULES.layer);
    if (holding.kind !== "unit") continue;
    for (const [what] of extraLayers(node, holding.geometry)) {
      layout.add(node, `layer header, ${what}`, "header", header, KMODEL_RULES.layer);
    }
    if (isSmall(holding.geometry)) {
      layout.add(node, "layer header, remove padding", "header", header, KMODEL_RULES.layer);
    }
  }
  for (const [node, holding] of held) {
    switch (holding.kind) {
      case "unit": {
        const { geometry } = holding;
        for (const [what, size] of extraLayers(node, geometry)) {
          layout.add(node, what, "header", size, KMODEL_RULES.layer);
        }
        addConvolution(layout, node, geometry);
        if (isSmall(geometry)) {
          layout.add(node, "remove padding", "header", KMODEL.padding.value, KMODEL_RULES.dense);
        }
        break;
      }
      case "float dense": {
        const { weights, outputChannels } = holding.geometry;
        const rule = KMODEL_RULES.floatDense;
        layout.add(node, "arguments", "header", KMODEL.dense.value, rule);
        layout.add(node, weights.name, "kernel", weights.size, rule);
        layout.add(node, weights.name, "floatWidening", 3 * weights.size, rule);
        layout.add(node, `${weights.name}.bias`, "bias", 4 * outputChannels, rule);
        break;
      }
      case "cpu":
        layout.add(node, "arguments", "header", holding.bytes, KMODEL_RULES.layer);
        break;
      case "obstacle": {
        const { id: rule } = KMODEL_RULES.none;
        obstacles.push({ node: node.name, op: node.op, rule, ...holding.finding });
        const weights = layerGeometry(node)?.weights;
        if (weights) layout.add(node, weights.name, "unsupported", weights.size, KMODEL_RULES.none);
        break;
      }
      case "nothing":
        break;
      default:
        holding satisfies never;
    }
  }
  return {
    chip: "k210",
    form: "kmodel V3",
    bytes: sum(layout.ledger.map((entry) => entry.bytes)),
    ledger: layout.ledger,
    rules: Object.values(KMODEL_RULES),
    obstacles,
  };
}
