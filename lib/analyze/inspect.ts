import { LabError } from "../errors.js";
import { countModel } from "../graph/count.js";
import { normalizeModel } from "../graph/passes/normalize.js";
import { formatShape, type Shape } from "../graph/shape.js";
import type { Quantization, Tensor } from "../graph/tensor.js";
import type { LoadedModel } from "./loaded.js";
import { notesOf } from "./notes.js";

export interface PortInspection {
  readonly name: string;
  readonly shape: string;
  readonly dtype: string;
  /** In words; an empty string for none. */
  readonly quantization: string;
}

export interface NodeInspection {
  readonly index: number;
  /** As the file names it. */
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a file holds, as the file has it; `macs` needs all shapes and is null when they cannot be inferred. */
export interface Inspection {
  readonly model: {
    readonly file: string;
    readonly sha256: string;
    readonly format: string;
    readonly version: string;
    readonly producer: string;
  };
  readonly inputs: readonly PortInspection[];
  readonly outputs: readonly PortInspection[];
  readonly operators: readonly { readonly op: string; readonly count: number }[];
  readonly nodes: readonly NodeInspection[];
  readonly constants: number;
  readonly weightBytes: number;
  readonly macs: number | null;
  readonly notes: readonly string[];
}

function describeQuantization(quantization: Quantization | null): string {
  if (quantization === null || quantization.scale.length === 0) return "";
  const { scale, zeroPoint, axis } = quantization;
  if (scale.length > 1) return `${scale.length} scales along axis ${axis}`;
  return `scale ${Number(scale[0]!.toPrecision(6))}, zero point ${zeroPoint[0] ?? 0}`;
}

function inspectPort(tensor: Tensor): PortInspection {
  return {
    name: tensor.name,
    shape: formatShape(tensor.shape),
    dtype: tensor.dtype,
    quantization: describeQuantization(tensor.quantization),
  };
}

function countOperators(names: readonly string[]): { op: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

/**
 * Returns what a model holds. Never throws for a model that was opened: what cannot be inferred is a note.
 */
export function inspect(
  { model, file, sha256, notes = [] }: LoadedModel,
  options: { readonly inputShapes?: ReadonlyMap<string, Shape> } = {},
): Inspection {
  const { graph } = model;
  const constants = graph.constants();
  const portOf = (tensor: Tensor | null) => (tensor ? formatShape(tensor.shape) : "-");
  // Described before normalising: passes may edit shapes.
  const asRecorded = {
    model: { file, sha256, format: model.format, version: model.version, producer: model.producer },
    inputs: graph.inputs.map(inspectPort),
    outputs: graph.outputs.map(inspectPort),
    operators: countOperators(graph.nodes.map((node) => node.source.op)),
    constants: constants.length,
    weightBytes: constants.reduce((total, tensor) => total + (tensor.data?.byteLength ?? 0), 0),
  };
  const nodesAsNow = (): NodeInspection[] =>
    graph.nodes.map((node) => ({
      index: node.source.index,
      op: node.source.op,
      name: node.name,
      inputs: node.inputs.map(portOf),
      outputs: node.outputs.map(portOf),
    }));
  const recordedNodes = nodesAsNow();
  try {
    const normalized = normalizeModel(model, options);
    return {
      ...asRecorded,
      nodes: recordedNodes,
      macs: countModel(normalized.graph).macs,
      notes: [...notes, ...notesOf(normalized.report)],
    };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { ...asRecorded, nodes: recordedNodes, macs: null, notes: [...notes, error.describe()] };
  }
}
