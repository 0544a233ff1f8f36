/** GraphProto: constants, inputs, outputs and the nodes between them. */
import { DecodeError, LabError } from "../../errors.js";
import type { Documentation } from "../../graph/documentation.js";
import { Graph } from "../../graph/graph.js";
import type { Node } from "../../graph/node.js";
import { type Annotation, annotate, readAnnotation } from "./annotation.js";
import type { Context, Site } from "./context.js";
import { EXTENT_COST, GRAPH_COST, VALUE_COST } from "./costs.js";
import { withEntry, withText } from "./documentation.js";
import { LateValues } from "./late-values.js";
import { readNode } from "./node.js";
import { FileRows } from "./node-rows.js";
import { Scope } from "./scope.js";
import { readSparseTensor } from "./sparse.js";
import { readInitializer } from "./tensor.js";
import { readValueInfo } from "./value-type.js";
import type { Message } from "./wire.js";

interface GraphFields {
  readonly name: string;
  /** Where each node begins and how long it is, one after another: there may be a million. */
  readonly nodes: readonly number[];
  /** Numbers of names. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly annotations: readonly Annotation[];
  readonly documentation: Documentation | null;
  /** Numbers of names, and what the file says of those values. */
  readonly documented: readonly (readonly [name: number, documentation: Documentation])[];
}

/** Reads all but the nodes; constants and declared types go into the scope. */
function readFields(message: Message, context: Context, scope: Scope): GraphFields {
  const { types } = context;
  const nodes: number[] = [];
  const inputs: number[] = [];
  const outputs: number[] = [];
  const annotations: Annotation[] = [];
  const documented: [number, Documentation][] = [];
  let name = "";
  let documentation: Documentation | null = null;
  let constants = 0;
  let sparse = 0;
  let values = 0;
  const cursors = {
    initializer: message.list("initializer"),
    input: message.list("input"),
    output: message.list("output"),
    value_info: message.list("value_info"),
  };
  const declare = (value: Message, index: number): number => {
    message.spend(VALUE_COST);
    message.enter(value, index);
    const { name, type, documentation } = readValueInfo(value, types);
    if (type) scope.declare(name, type);
    if (documentation) documented.push([name, documentation]);
    return name;
  };
  while (message.next()) {
    // 1: node, 2: name, 5: initializer, 10: doc_string, 11: input, 12: output, 13: value_info,
    // 14: quantization_annotation, 15: sparse_initializer, 16: metadata_props
    switch (message.field) {
      case 1: {
        const { at, length } = message.extent();
        message.spend(EXTENT_COST);
        nodes.push(at, length);
        break;
      }
      case 2:
        name = message.string();
        break;
      case 5:
        message.enter(cursors.initializer, constants++);
        readInitializer(cursors.initializer, context, scope);
        break;
      case 10:
        documentation = withText(documentation, message);
        break;
      case 11:
        inputs.push(declare(cursors.input, inputs.length));
        break;
      case 12:
        outputs.push(declare(cursors.output, outputs.length));
        break;
      case 13:
        declare(cursors.value_info, values++);
        break;
      case 14:
        annotations.push(readAnnotation(message.message("quantization_annotation", annotations.length)));
        break;
      case 15: {
        const cursor = message.message("sparse_initializer", sparse++);
        const { name, tensor } = readSparseTensor(cursor, context);
        scope.bind(name, tensor);
        break;
      }
      case 16:
        documentation = withEntry(documentation, message);
        break;
    }
  }
  return { name, nodes, inputs, outputs, annotations, documentation, documented };
}

/** What a graph is read in: the file, the names of the graph around, a function's arguments. */
export type GraphSite = Pick<Site, "context" | "opsets" | "actuals" | "prefix"> & {
  readonly parent: Scope | null;
};

/** Returns the graph in a GraphProto. Nodes that are out of order are sorted. */
export function readGraph(message: Message, { parent, context, opsets, actuals, prefix }: GraphSite): Graph {
  return context.nested(message, () => {
    const { names, source, texts: nodeNames } = message.file;
    const isMain = parent === null && prefix === "";
    if (!isMain) message.spend(GRAPH_COST);
    const { texts } = names;
    const scope = new Scope({
      file: message.file,
      parent,
      prefix,
      late: isMain ? new LateValues({ source, texts }) : null,
    });
    const fields = readFields(message, context, scope);
    // Files up to IR 3 list constants among the inputs.
    const inputs = fields.inputs
      .filter((input) => !scope.holdsConstant(input))
      .map((input) => {
        const tensor = scope.define(input);
        if (tensor) return tensor;
        throw message.broken(`input '${names.text(input)}' is listed twice`);
      });
    const nodes: Node[] = [];
    const rows = isMain ? new FileRows({ scope, texts: nodeNames }) : null;
    const inside: Site = { context, opsets, actuals, prefix, scope, nodes, rows };
    const node = message.list("node");
    for (let index = 0; 2 * index < fields.nodes.length; index++) {
      node.moveTo(fields.nodes[2 * index]!, fields.nodes[2 * index + 1]!, index);
      readNode(node, inside, index);
    }
    const outputs = fields.outputs.map((output) => scope.use(output));
    const [missing] = scope.unresolved;
    if (missing !== undefined) {
      throw message.broken(`'${missing}' is read, and is neither an input, a constant nor a result`);
    }
    context.place = message;
    annotate(fields.annotations, scope, message);
    for (const [name, documentation] of fields.documented) {
      const tensor = scope.find(name);
      if (tensor) tensor.recorded = { ...tensor.recorded, documentation };
    }
    const { documentation } = fields;
    const graph = new Graph({ name: fields.name || "main", inputs, outputs, nodes, documentation });
    if (scope.outOfOrder) sortGraph(graph, message);
    return graph;
  });
}

/** Sorts the nodes; a cycle is a damaged file here. */
function sortGraph(graph: Graph, message: Message): void {
  try {
    graph.sort();
  } catch (cause) {
    if (!(cause instanceof LabError)) throw cause;
    throw new DecodeError({
      code: cause.code,
      message: cause.message,
      hint: "the file is damaged: no node may need its own result",
      offset: message.start,
      path: message.path || "graph",
      cause,
    });
  }
}
