/** AttributeProto: a named value of a node. */

import type { Graph } from "../../graph/graph.js";
import type { Attributes, AttributeValue } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Site } from "./context.js";
import { ATTRIBUTE_COST } from "./costs.js";
import { readSparseTensor } from "./sparse.js";
import { readTensor } from "./tensor.js";
import { readTypeText } from "./value-type.js";
import type { Message } from "./wire.js";
import { snakeCase } from "./write/attribute.js";

/** AttributeType by number; 0 in files older than the field. Source: onnx.proto, AttributeProto. */
const KINDS = [
  "undefined",
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
  "strings",
  "tensors",
  "graphs",
  "sparse_tensor",
  "sparse_tensors",
  "type",
  "types",
] as const;
type Kind = (typeof KINDS)[number];

/** Field that holds the value of a kind. */
const KIND_OF_FIELD: Readonly<Record<number, Kind>> = {
  2: "float",
  3: "int",
  4: "string",
  5: "tensor",
  6: "graph",
  7: "floats",
  8: "ints",
  9: "strings",
  10: "tensors",
  11: "graphs",
  14: "type",
  15: "types",
  22: "sparse_tensor",
  23: "sparse_tensors",
};

/** What writers of proto3 leave out: a kind without a value means its zero. */
const ZEROS: Readonly<Partial<Record<Kind, AttributeValue>>> = {
  float: 0,
  int: 0,
  string: "",
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
  sparse_tensors: [],
  types: [],
};

/** Returns a name as the graph writes it: `kernel_shape` is `kernelShape`. */
export function camelCase(name: string): string {
  const known = CAMEL.get(name);
  if (known !== undefined) return known;
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (CAMEL.size < CAMEL_LIMIT && name.length < LONGEST_NAME) CAMEL.set(name, camel);
  return camel;
}
const CAMEL = new Map<string, string>();
const CAMEL_LIMIT = 4096;
/** What outlives a file must be small. */
const LONGEST_NAME = 64;

export const NO_ATTRIBUTES: Attributes = {};

type Pair = readonly [name: string, value: AttributeValue | undefined];

export function collectAttributes(pairs: readonly Pair[]): Attributes {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of pairs) if (value !== undefined) attributes[name] = value;
  return attributes;
}

/** Returns whether a value is nothing but itself: equal ones may be one. Tensors and graphs are not. */
function isPlain(value: AttributeValue | undefined): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value !== "object";
}

/**
 * Returns the attributes in the current field of a node and those right after it. Nodes with the same bytes
 * share the record, so that a hundred thousand convolutions have a few dozen.
 */
export function readAttributes(message: Message, site: Site): Attributes {
  const { file } = message;
  const run = message.run();
  const seen = site.context.attributes;
  // Inside of a function, the same bytes may refer to another call's attributes.
  const key = site.actuals === null ? seen.key(file, run) : -1;
  const known = seen.recall(key);
  if (known) return known;
  const pairs: Pair[] = [];
  const list = message.open(run, "");
  while (list.next()) pairs.push(readAttribute(list.message("attribute", pairs.length), site));
  const attributes = collectAttributes(pairs);
  return pairs.every(([, value]) => isPlain(value)) ? seen.remember(key, attributes) : attributes;
}

/**
 * Returns the name and value of an attribute; undefined as value when it refers to an attribute that the
 * function around was called without.
 */
export function readAttribute(message: Message, site: Site): Pair {
  message.spend(ATTRIBUTE_COST);
  let name = "";
  let declared: Kind = "undefined";
  let found: Kind = "undefined";
  let reference = "";
  let value: AttributeValue | undefined;
  let numbers: number[] | null = null;
  let strings: string[] | null = null;
  let tensors: Tensor[] | null = null;
  let graphs: Graph[] | null = null;
  while (message.next()) {
    // 1: name, 2: f, 3: i, 4: s, 5: t, 6: g, 7: floats, 8: ints, 9: strings, 10: tensors, 11: graphs,
    // 13: doc_string, 14: tp, 15: type_protos, 20: type, 21: ref_attr_name, 22 and 23: sparse_tensor(s)
    found = KIND_OF_FIELD[message.field] ?? found;
    switch (message.field) {
      case 1:
        name = message.string();
        break;
      case 2:
        value = message.float32();
        break;
      case 3:
        value = message.int64();
        break;
      case 4:
        value = message.string();
        break;
      case 5:
        value = readTensor(message.message("t"), site.context).tensor;
        break;
      case 6:
        value = site.context.readGraph(message.message("g"), site);
        break;
      case 7:
        numbers ??= [];
        message.float32s(numbers);
        value = numbers;
        break;
      case 8:
        numbers ??= [];
        message.int64s(numbers);
        value = numbers;
        break;
      case 9:
        strings ??= [];
        strings.push(message.string());
        value = strings;
        break;
      case 10:
        tensors ??= [];
        tensors.push(readTensor(message.message("tensors", tensors.length), site.context).tensor);
        value = tensors;
        break;
      case 11:
        graphs ??= [];
        graphs.push(site.context.readGraph(message.message("graphs", graphs.length), site));
        value = graphs;
        break;
      case 14:
        value = readTypeText(message.message("tp"));
        break;
      case 15:
        strings ??= [];
        strings.push(readTypeText(message.message("type_protos", strings.length)));
        value = strings;
        break;
      case 22:
        value = readSparseTensor(message.message("sparse_tensor"), site.context).tensor;
        break;
      case 23:
        tensors ??= [];
        tensors.push(
          readSparseTensor(message.message("sparse_tensors", tensors.length), site.context).tensor,
        );
        value = tensors;
        break;
      case 20: {
        const code = message.uint32();
        const kind = KINDS[code];
        if (kind === undefined)
          throw message.broken(`its type is ${code}, expected 0 to ${KINDS.length - 1}`);
        declared = kind;
        break;
      }
      case 21:
        reference = message.string();
        break;
    }
  }
  if (reference !== "") {
    if (site.actuals) return [camelCase(name), site.actuals[camelCase(reference)]];
    throw message.broken(`attribute '${name}' refers to '${reference}', outside of a function`);
  }
  const kind = found === "undefined" ? declared : found;
  if (declared !== "undefined" && declared !== kind) {
    throw message.broken(`attribute '${name}' says ${declared} and holds ${kind}`);
  }
  value ??= ZEROS[kind];
  if (value !== undefined) {
    const camelName = camelCase(name);
    if (snakeCase(camelName) !== name) site.context.attributeNames.set(camelName, name);
    return [camelName, value];
  }
  if (kind === "undefined") throw message.broken(`attribute '${name}' has no value`);
  throw message.broken(`attribute '${name}' of kind ${kind} has no value`);
}
