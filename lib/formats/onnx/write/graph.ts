/** GraphProto: nodes, constants, and the types of values. */
import { LabError } from "../../../errors.js";
import { capturedTensors, subgraphsOf } from "../../../graph/captured.js";
import type { Graph } from "../../../graph/graph.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { writeAttribute } from "./attribute.js";
import { writeDocumentation } from "./documentation.js";
import { MessageBuilder } from "./message.js";
import { Names } from "./names.js";
import { nativeCall } from "./native.js";
import { type DataFile, writeTensor } from "./tensor.js";
import { writeUntyped, writeValueInfo } from "./value-info.js";

/** What is shared by all graphs of a file. */
export class GraphWriter {
  readonly #opset: number;
  readonly #dataFile: DataFile | null;
  readonly #spellings: ReadonlyMap<string, string>;
  readonly #names = new Names<Tensor>();
  readonly #nodeNames = new Names<Node>();
  /** Constants that are written, in this graph or one around it. */
  readonly #written = new Set<Tensor>();

  constructor({
    opset,
    dataFile,
    spellings = new Map(),
  }: {
    readonly opset: number;
    readonly dataFile: DataFile | null;
    /** Names of attributes that are no snake case, by how the graph writes them. */
    readonly spellings?: ReadonlyMap<string, string>;
  }) {
    this.#opset = opset;
    this.#dataFile = dataFile;
    this.#spellings = spellings;
  }

  /**
   * Returns the graph and those inside of it. Constants that only bodies read are written with the outermost
   * graph, where every body finds them.
   */
  write(graph: Graph, { inside = false } = {}): MessageBuilder {
    const message = new MessageBuilder();
    const captured = capturedTensors(graph);
    const ends = [...graph.inputs, ...graph.outputs];
    // Names that people know a network by are taken first.
    for (const tensor of ends) this.#names.of(tensor);
    const all = [...graph.tensors()];
    const constants = [...all, ...captured].filter(
      (tensor) => tensor.isConstant && !this.#written.has(tensor),
    );
    for (const tensor of constants) this.#written.add(tensor);
    // 1: node, 2: name, 5: initializer, 10: doc_string, 11: input, 12: output, 13: value_info,
    // 16: metadata_props
    for (const node of graph.nodes) message.message(1, this.#node(graph, node, captured));
    message.string(2, graph.name);
    for (const tensor of new Set(constants)) {
      message.message(5, writeTensor(tensor, this.#names.of(tensor), this.#dataFile));
    }
    for (const tensor of graph.inputs) message.message(11, this.#end(tensor, inside));
    for (const tensor of graph.outputs) message.message(12, this.#end(tensor, inside));
    const known = new Set(ends);
    const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
    for (const tensor of all) {
      if (!isKnown(tensor) || known.has(tensor) || !computed.has(tensor)) continue;
      const producer = graph.producer(tensor)!;
      const place = producer.outputs.indexOf(tensor);
      if (place > 0 && isGap(graph, producer, place, captured)) continue;
      message.message(13, this.#value(tensor));
    }
    writeDocumentation(message, graph.documentation, { text: 10, entries: 16 });
    return message;
  }

  /** What a network takes and gives must say its type; values of bodies follow from the node around. */
  #end(tensor: Tensor, inside: boolean): MessageBuilder {
    return inside ? this.#value(tensor) : writeValueInfo(this.#names.of(tensor), tensor);
  }

  #value(tensor: Tensor): MessageBuilder {
    const isTyped = tensor.shape !== null || tensor.container !== null;
    return (isTyped ? writeValueInfo : writeUntyped)(this.#names.of(tensor), tensor);
  }

  #node(graph: Graph, node: Node, captured: ReadonlySet<Tensor>): MessageBuilder {
    const stored = [...node.inputs, ...node.outputs].find((tensor) => tensor?.quantization);
    if (stored) {
      throw new LabError({
        code: "NO_ONNX",
        message: `Cannot write ${node.describe()} as ONNX: the quantisation of '${stored.name}' is on the tensor, expected QuantizeLinear and DequantizeLinear around the node`,
        hint: "rewrite the network with convertToOnnx first",
        at: node.name,
      });
    }
    const { op, domain, inputs, attributes } = nativeCall(node, this.#opset);
    const message = new MessageBuilder();
    // 1: input, 2: output, 3: name, 4: op_type, 5: attribute, 6: doc_string, 7: domain, 8: overload,
    // 9: metadata_props
    for (const input of trimmed(inputs)) message.string(1, input ? this.#names.of(input) : "");
    const outputs = node.outputs.map((output, place) =>
      place > 0 && isGap(graph, node, place, captured) ? null : output,
    );
    for (const output of trimmed(outputs)) message.string(2, output ? this.#names.of(output) : "");
    message.string(3, this.#nodeNames.of(node));
    message.string(4, op);
    const site = {
      op: node.op,
      dataFile: this.#dataFile,
      spellings: this.#spellings,
      writeGraph: (body: Graph) => this.write(body, { inside: true }),
    };
    for (const [name, value] of Object.entries(attributes)) {
      message.message(5, writeAttribute(name, value, site));
    }
    if (domain !== "") message.string(7, domain);
    const { overload, documentation } = node.source;
    if (overload !== undefined && node.op === node.source.op) message.string(8, overload);
    writeDocumentation(message, documentation, { text: 6, entries: 9 });
    return message;
  }
}

/** Returns whether a file has something to say of a value between nodes. */
function isKnown({ shape, container, recorded }: Tensor): boolean {
  return shape !== null || container !== null || recorded?.documentation !== undefined;
}

/** A result that nobody asks for has no name in a file; node.ts names such after the node and the place. */
function isGap(graph: Graph, node: Node, place: number, captured: ReadonlySet<Tensor>): boolean {
  const tensor = node.output(place);
  if (tensor.name !== `${node.name}/${place}` || graph.consumers(tensor).length > 0) return false;
  return !graph.outputs.includes(tensor) && !captured.has(tensor);
}

/** Returns a list without what is left out at its end. */
function trimmed<T>(list: readonly (T | null)[]): readonly (T | null)[] {
  const last = list.findLastIndex((item) => item !== null);
  return list.slice(0, last + 1);
}

/** Returns the domains that the nodes of a graph and of its bodies use, ONNX's own as "". */
export function domainsOf(graph: Graph, found = new Set<string>()): Set<string> {
  for (const { op, attributes } of graph.nodes) {
    const parted = op.lastIndexOf(":");
    found.add(parted < 0 ? "" : op.slice(0, parted));
    for (const body of subgraphsOf(attributes)) domainsOf(body, found);
  }
  return found;
}
