/** GraphProto: constants, inputs, outputs and the nodes between them. */
import { LabError } from "../../errors.js";
import { Graph } from "../../graph/graph.js";
import type { Node } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Site } from "./context.js";
import { readNode } from "./node.js";
import { Scope } from "./scope.js";
import { readTensor, type Siblings } from "./tensor.js";
import { readValueInfo, type ValueType } from "./value-type.js";
import type { Extent, Message } from "./wire.js";

interface GraphFields {
  readonly name: string;
  readonly nodes: readonly Extent[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly types: ReadonlyMap<string, ValueType>;
}

function readFields(message: Message, siblings: Siblings): GraphFields {
  const nodes: Extent[] = [];
  const constants = new Map<string, Tensor>();
  const types = new Map<string, ValueType>();
  const inputs: string[] = [];
  const outputs: string[] = [];
  let name = "";
  let values = 0;
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
        nodes.push(message.extent());
        break;
      case 2:
        name = message.string();
        break;
      case 5: {
        const tensor = readTensor(message.message("initializer", constants.size), siblings);
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
        declare("value_info", values++);
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
  return { name, nodes, constants, inputs, outputs, types };
}

/** What a graph is read in: the file, the names of the graph around, a function's arguments. */
export type GraphSite = Pick<Site, "context" | "opsets" | "actuals" | "prefix"> & {
  readonly parent: Scope | null;
};

/** Returns the graph in a GraphProto. Nodes that are out of order are sorted. */
export function readGraph(message: Message, { parent, ...site }: GraphSite): Graph {
  return site.context.nested(message, () => {
    const fields = readFields(message, site.context.siblings);
    const scope = new Scope({ parent, prefix: site.prefix, types: fields.types });
    for (const [name, tensor] of fields.constants) scope.bind(name, tensor);
    // Files up to IR 3 list constants among the inputs.
    const inputs = fields.inputs
      .filter((input) => !fields.constants.has(input))
      .map((input) => {
        const tensor = scope.define(input);
        if (tensor) return tensor;
        throw message.broken(`input '${input}' is listed twice`);
      });
    const nodes: Node[] = [];
    const inside: Site = { ...site, scope, nodes };
    for (const [index, node] of fields.nodes.entries()) {
      readNode(message.open(node, "node", index), inside, index);
    }
    const outputs = fields.outputs.map((output) => scope.use(output));
    const [missing] = scope.unresolved;
    if (missing !== undefined) {
      throw message.broken(`'${missing}' is read, and is neither an input, a constant nor a result`);
    }
    const graph = new Graph({ name: fields.name || "main", inputs, outputs, nodes });
    if (scope.outOfOrder) graph.sort();
    return graph;
  });
}
