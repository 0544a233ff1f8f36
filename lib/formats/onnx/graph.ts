/** GraphProto and what is in it: nodes, constants and the names between them. */
import { LabError } from "../../errors.js";
import { Graph } from "../../graph/graph.js";
import { type Attributes, type AttributeValue, Node } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";
import { readAttribute } from "./attribute.js";
import { canonical } from "./canonical.js";
import { constantTensor } from "./constant-node.js";
import { type FunctionTable, inlineFunction } from "./function.js";
import { outputType } from "./output-types.js";
import { Scope } from "./scope.js";
import { readTensor, type Siblings } from "./tensor.js";
import { readValueInfo, type ValueType } from "./value-type.js";
import type { Message } from "./wire.js";

/** Graphs inside of graphs, and functions inside of functions, deeper than any model goes. */
const DEPTH_LIMIT = 32;
/** Nodes that functions may unfold to. */
const NODE_LIMIT = 1_000_000;

/** What holds for the whole file. */
export class Context {
  readonly siblings: Siblings;
  /** Versions by domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: FunctionTable;
  depth = 0;
  #nodesLeft = NODE_LIMIT;

  constructor({
    siblings,
    opsets,
    functions,
  }: {
    readonly siblings: Siblings;
    readonly opsets: ReadonlyMap<string, number>;
    readonly functions: FunctionTable;
  }) {
    this.siblings = siblings;
    this.opsets = opsets;
    this.functions = functions;
  }

  /** Runs `read` one level deeper; throws when the file nests without bounds. */
  nested<T>(message: Message, read: () => T): T {
    if (this.depth >= DEPTH_LIMIT) throw message.broken(`it nests deeper than ${DEPTH_LIMIT} levels`);
    this.depth += 1;
    try {
      return read();
    } finally {
      this.depth -= 1;
    }
  }

  countNode(message: Message): void {
    this.#nodesLeft -= 1;
    if (this.#nodesLeft < 0) throw message.broken(`its functions unfold to over ${NODE_LIMIT} nodes`);
  }
}

/** Where nodes are read into: names, the list that takes them, and a function's arguments. */
export interface Site {
  readonly context: Context;
  readonly scope: Scope;
  readonly nodes: Node[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly actuals: Attributes | null;
  /** Goes before names of nodes; empty outside of functions. */
  readonly prefix: string;
}

/** Returns the graph in a GraphProto; names that it does not know are looked up in the graph around. */
export function readGraph(message: Message, outer: Pick<Site, "context" | "opsets" | "actuals"> & { readonly parent: Scope | null }): Graph {
  return outer.context.nested(message, () => {
    const nodeMessages: Message[] = [];
    const constants = new Map<string, Tensor>();
    const types = new Map<string, ValueType>();
    const inputs: string[] = [];
    const outputs: string[] = [];
    let name = "";
    const declare = (field: string, index: number): string => {
      const required = field !== "value_info";
      const [value, type] = readValueInfo(message.message(field, index), { required });
      if (type) types.set(value, type);
      return value;
    };
    while (message.next()) {
      // 1: node, 2: name, 5: initializer, 10: doc_string, 11: input, 12: output, 13: value_info,
      // 14: quantization_annotation, 15: sparse_initializer, 16: metadata_props
      switch (message.field) {
        case 1:
          nodeMessages.push(message.message("node", nodeMessages.length));
          break;
        case 2:
          name = message.string();
          break;
        case 5: {
          const constant = message.message("initializer", constants.size);
          const tensor = readTensor(constant, outer.context.siblings);
          constants.set(tensor.name, tensor);
          break;
        }
        case 11:
          inputs.push(declare("input", inputs.length));
          break;
        case 12:
          outputs.push(declare("output", outputs.length));
          break;
        case 13:
          declare("value_info", types.size);
          break;
        case 15:
          throw new LabError({
            code: "UNSUPPORTED",
            message: `Cannot read ${message.path}: it has sparse initializers, expected dense constants`,
            hint: "export the model with dense weights (they may keep their zeros)",
            at: message.path,
          });
      }
    }
    const scope = new Scope({ parent: outer.parent, types });
    for (const [key, tensor] of constants) scope.bind(key, tensor);
    // Files up to IR 3 list constants among the inputs.
    const graphInputs = inputs
      .filter((input) => !constants.has(input))
      .map((input) => scope.define(input, { dtype: "float32", shape: null }));
    const nodes: Node[] = [];
    const site: Site = { ...outer, scope, nodes, prefix: "" };
    for (const [index, node] of nodeMessages.entries()) readNode(node, site, index);
    const graphOutputs = outputs.map((output) => scope.use(output));
    const [missing] = scope.unresolved;
    if (missing !== undefined) {
      throw message.broken(`'${missing}' is read, and neither an input, a constant nor a result`);
    }
    const graph = new Graph({ name: name || "main", inputs: graphInputs, outputs: graphOutputs, nodes });
    if (scope.outOfOrder) graph.sort();
    return graph;
  });
}

interface NodeFields {
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Message[];
}

function readNodeFields(message: Message): NodeFields {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Message[] = [];
  let name = "";
  let op = "";
  let domain = "";
  let overload = "";
  while (message.next()) {
    // 1: input, 2: output, 3: name, 4: op_type, 5: attribute, 6: doc_string, 7: domain, 8: overload,
    // 9: metadata_props, 10: device_configurations
    switch (message.field) {
      case 1:
        inputs.push(message.string());
        break;
      case 2:
        outputs.push(message.string());
        break;
      case 3:
        name = message.string();
        break;
      case 4:
        op = message.string();
        break;
      case 5:
        attributes.push(message.message("attribute", attributes.length));
        break;
      case 7:
        domain = message.string();
        break;
      case 8:
        overload = message.string();
        break;
    }
  }
  if (op === "") throw message.broken("it names no operator");
  return { op, domain: domain === "ai.onnx" ? "" : domain, overload, name, inputs, outputs, attributes };
}

/** Reads a node into the site: as a node, as a constant, or as the nodes of the function that it calls. */
export function readNode(message: Message, site: Site, index: number): void {
  const { context, scope, opsets, prefix } = site;
  context.countNode(message);
  const fields = readNodeFields(message);
  const qualified = fields.domain === "" ? fields.op : `${fields.domain}:${fields.op}`;
  const name = prefix + (fields.name || fields.outputs.find((output) => output !== "") || `${fields.op}_${index}`);
  const attributes: Record<string, AttributeValue> = {};
  for (const attribute of fields.attributes) {
    const [key, value] = readAttribute(attribute, {
      siblings: context.siblings,
      actuals: site.actuals,
      graph: (body) => readGraph(body, { ...site, parent: scope }),
    });
    if (value !== undefined) attributes[key] = value;
  }
  const inputs = fields.inputs.map((input) => (input === "" ? null : scope.use(input)));
  const called = context.functions.find(fields);
  if (called) {
    const outputs = fields.outputs.map((output, place) => {
      const implied = { dtype: "float32", shape: null } as const;
      return output === "" ? null : defineOutput(scope, output, implied, `${name}/${place}`);
    });
    context.nested(message, () =>
      inlineFunction({ called, site, inputs, outputs, attributes, name, index, message }),
    );
    return;
  }
  const [first] = fields.outputs;
  if (qualified === "Constant" && first !== undefined) {
    scope.bindNew(first, constantTensor({ message, name: prefix + first, attributes }));
    return;
  }
  const opset = opsets.get(fields.domain) ?? defaultOpset(message, fields.domain);
  const call = canonical({ op: qualified, opset, inputs, attributes, name });
  const outputs = namedOutputs(fields.outputs).map((output, place) => {
    const declared = output === "" ? undefined : scope.declared(output);
    const implied = declared ?? { dtype: outputType(call, place), shape: null };
    return output === ""
      ? new Tensor({ name: `${name}/${place}`, ...implied })
      : scope.define(output, implied);
  });
  site.nodes.push(
    new Node({ name, ...call, outputs, source: { format: "onnx", op: qualified, index } }),
  );
}
