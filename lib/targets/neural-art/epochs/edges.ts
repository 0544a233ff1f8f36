/**
 * The edges of the network: conversions between float and integer that the network is handed over without, and
 * the epoch that brings an image into the order in which the NPU reads it.
 */
import type { Graph } from "../../../graph/graph.js";
import type { Node } from "../../../graph/node.js";
import { Tensor } from "../../../graph/tensor.js";
import { MOVERS } from "../rules/numbers.js";
import { channelAxis, isQuantized, isReal, knownShape } from "../rules/site.js";
import type { Scope } from "./scope.js";

/** What the application hands over and takes: as the file says, or integers where the file says float. */
export type PortType = "stored" | "integer";

export interface Ports {
  readonly inputs: PortType;
  readonly outputs: PortType;
}

/**
 * Returns what the compiled networks show where nothing was asked for. ONNX models of the QDQ kind speak
 * integers at both ends (quantization.html; MobileNetV2, YamNet, 2.1 to 4.0). TFLite models keep their float
 * ends up to 2.2; in the 3.0 and 4.0 builds seen the conversions are absent.
 */
export function usualPorts(scope: Scope): Ports {
  const onnx = scope.graph.nodes.some((node) => node.source.format === "onnx");
  const type: PortType = onnx || scope.options.tool >= "3.0" ? "integer" : "stored";
  return { inputs: type, outputs: type };
}

function retyped(tensor: Tensor, like: Tensor): Tensor {
  return new Tensor({
    name: tensor.name,
    dtype: like.dtype,
    shape: tensor.shape,
    quantization: like.quantization,
  });
}

/** Follows movers from an input to the quantisation that reads it; null when anything else does. */
function quantisedInput(graph: Graph, input: Tensor): { movers: Node[]; convert: Node } | null {
  const movers: Node[] = [];
  let tensor = input;
  for (;;) {
    const readers: readonly Node[] = graph.consumers(tensor);
    const [reader] = readers;
    if (!reader || readers.length > 1) return null;
    if (reader.op === "QuantizeLinear" && isQuantized(reader.output())) return { movers, convert: reader };
    if (!MOVERS.has(reader.op)) return null;
    movers.push(reader);
    tensor = reader.output();
  }
}

/** Makes float inputs integer ones: what lies before the conversion moves integers then. */
function integerInputs(scope: Scope): Set<Node> {
  const done = new Set<Node>();
  for (const input of scope.graph.inputs) {
    if (!isReal(input)) continue;
    const found = quantisedInput(scope.graph, input);
    if (!found) continue;
    const { movers, convert } = found;
    scope.storage.put(input, [retyped(input, convert.output())]);
    for (const mover of movers) {
      const output = mover.output();
      scope.storage.put(output, [retyped(output, convert.output())]);
    }
    done.add(convert);
  }
  return done;
}

function integerOutputs(scope: Scope): Set<Node> {
  const done = new Set<Node>();
  for (const output of scope.graph.outputs) {
    const convert = scope.graph.producer(output);
    if (convert?.op !== "DequantizeLinear" || !isQuantized(convert.input(0))) continue;
    if (scope.graph.consumers(output).length > 0) continue;
    done.add(convert);
  }
  return done;
}

/** Returns the conversions that the network is handed over without. */
export function dropConversions(scope: Scope, ports: Ports): ReadonlySet<Node> {
  const inputs = ports.inputs === "integer" ? integerInputs(scope) : new Set<Node>();
  const outputs = ports.outputs === "integer" ? integerOutputs(scope) : new Set<Node>();
  return new Set([...inputs, ...outputs]);
}

/** Returns the tensors that the application fills. */
export function inputPlaces(scope: Scope): readonly Tensor[] {
  return scope.graph.inputs.flatMap((input) => scope.storage.of(input));
}

/**
 * Emits an epoch for each image input of several channels. Channels first (ONNX) it copies, in all versions
 * seen. Channels last (TFLite) it is counted up to 2.2 and moves nothing: no memory access in c_info.json.
 */
export function arrangeInputs(scope: Scope): void {
  for (const input of scope.graph.inputs) {
    const shape = knownShape(input);
    const [reader] = scope.graph.consumers(input);
    if (shape?.length !== 4 || !reader || reader.op === "Transpose") continue;
    const channels = channelAxis(shape.length, scope.layout);
    const positions = shape.reduce(
      (count, dim, axis) => (axis === 0 || axis === channels ? count : count * dim),
      1,
    );
    if ((shape[channels] ?? 1) <= 1 || positions <= 1) continue;
    if (scope.layout === "NHWC") {
      if (scope.options.tool >= "3.0") continue;
      scope.emit({
        op: "Transpose",
        seals: true,
        note: `input '${input.name}' is channels last as the NPU reads it: counted, moves nothing`,
      });
      continue;
    }
    const [place] = scope.storage.of(input);
    if (!place) continue;
    const arranged = new Tensor({
      name: `${input.name}/arranged`,
      dtype: place.dtype,
      shape: place.shape,
      quantization: place.quantization,
    });
    scope.emit({
      op: "Identity",
      reads: [place],
      writes: [arranged],
      seals: true,
      note: `copies input '${input.name}' from channels first into the order in which the NPU reads it`,
    });
    for (const [tensor, places] of [...scope.storage.places(), [input, [place]] as const]) {
      if (places.length === 1 && places[0] === place) scope.storage.put(tensor, [arranged]);
    }
  }
}
