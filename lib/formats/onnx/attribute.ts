/** AttributeProto: a named value of a node. */
import { LabError } from "../../errors.js";
import type { AttributeValue } from "../../graph/node.js";
import type { Site } from "./context.js";
import { readTensor } from "./tensor.js";
import type { Message } from "./wire.js";

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
};

/** Returns a name as the graph writes it: `kernel_shape` is `kernelShape`. */
export function camelCase(name: string): string {
  const known = CAMEL.get(name);
  if (known !== undefined) return known;
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (CAMEL.size < CAMEL_LIMIT) CAMEL.set(name, camel);
  return camel;
}
const CAMEL = new Map<string, string>();
const CAMEL_LIMIT = 4096;

/**
 * Returns the name and value of an attribute; undefined as value when it refers to an attribute that the
 * function around was called without.
 */
export function readAttribute(
  message: Message,
  site: Site,
): readonly [name: string, value: AttributeValue | undefined] {
  let name = "";
  let declared: Kind = "undefined";
  let found: Kind = "undefined";
  let reference = "";
  let value: AttributeValue | undefined;
  let numbers: number[] | null = null;
  let strings: string[] | null = null;
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
        value = readTensor(message.message("t"), site.context.siblings);
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
  if (value !== undefined) return [camelCase(name), value];
  if (kind === "undefined") throw message.broken(`attribute '${name}' has no value`);
  throw new LabError({
    code: "UNSUPPORTED",
    message: `Cannot hold attribute '${name}': it is of kind ${kind}, expected a number, a text, a tensor, a graph, or a list of numbers or texts`,
    at: message.path,
  });
}
