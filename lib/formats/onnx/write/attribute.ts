/** AttributeProto: the mirror of attribute.ts. */
import { LabError } from "../../../errors.js";
import { Graph } from "../../../graph/graph.js";
import type { AttributeValue } from "../../../graph/node.js";
import { Tensor } from "../../../graph/tensor.js";
import { MessageBuilder } from "./message.js";
import { type DataFile, writeTensor } from "./tensor.js";
import { writeTypeText } from "./value-type.js";

/** AttributeProto.AttributeType: field of the value, and number of the type. */
const KINDS = {
  float: { field: 2, type: 1 },
  int: { field: 3, type: 2 },
  string: { field: 4, type: 3 },
  tensor: { field: 5, type: 4 },
  graph: { field: 6, type: 5 },
  floats: { field: 7, type: 6 },
  ints: { field: 8, type: 7 },
  strings: { field: 9, type: 8 },
  tensors: { field: 10, type: 9 },
  graphs: { field: 11, type: 10 },
  type: { field: 14, type: 13 },
} as const;

/**
 * Attributes that are a float whatever their value: the graph's 1 may be a file's 1.0. Source: the schemas
 * of onnx 1.23 (all versions of all operators) and of com.microsoft in ONNX Runtime 1.31. `p` of LpPool was
 * a float in opset 1 alone; Pad's `value` is an input since opset 11.
 */
const FLOATS: ReadonlySet<string> = new Set([
  "alpha",
  "beta",
  "bias",
  "clip",
  "cubic_coeff_a",
  "decay_factor",
  "default_float",
  "epsilon",
  "extrapolation_value",
  "factor",
  "filter_value",
  "gamma",
  "head_weight_scale",
  "height_scale",
  "high",
  "iou_threshold",
  "lambd",
  "low",
  "mask_filter_value",
  "max",
  "mean",
  "min",
  "momentum",
  "norm_coefficient",
  "norm_coefficient_post",
  "presence_penalty",
  "qk_norm_epsilon",
  "ratio",
  "reduction_scale",
  "replaced_value_float",
  "scale",
  "score_threshold",
  "seed",
  "softcap",
  "spatial_scale",
  "swiglu_limit",
  "temperature",
  "threshold",
  "top_p",
  "value_float",
  "width_scale",
  "activation_alpha",
  "activation_beta",
  "activation_gamma",
]);

/** Attributes that are lists of floats. Source: as above. */
const FLOAT_LISTS: ReadonlySet<string> = new Set([
  "activation_alpha",
  "activation_beta",
  "activation_params",
  "base_values",
  "bias",
  "class_weights",
  "coefficients",
  "imputed_value_floats",
  "intercepts",
  "kernel_params",
  "keys_floats",
  "nodes_hitrates",
  "nodes_values",
  "offset",
  "prob_a",
  "prob_b",
  "rho",
  "scales",
  "support_vectors",
  "target_weights",
  "value_floats",
  "values",
  "values_floats",
  "weights",
]);

/** Attributes that are lists of texts, for lists without elements. Source: as above. */
const STRING_LISTS = /strings$|^(activations|nodes_modes|separators|stopwords|string_vocabulary|xs|zs)$/;

/** Names that are no snake case, nor was it undone when they were read. Source: as above. */
const AS_THEY_ARE: ReadonlySet<string> = new Set([
  "DLC",
  "K",
  "N",
  "Nkv",
  "Nq",
  "order_A",
  "order_B",
  "order_X",
  "order_Y",
  "transA",
  "transB",
  "transBatchA",
  "transBatchB",
]);

/** Returns a name as ONNX writes it: `kernelShape` is `kernel_shape`, `transB` stays. */
export function snakeCase(name: string): string {
  if (AS_THEY_ARE.has(name)) return name;
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns whether a number under this name is a float, in an operator of this name. */
function isFloatNumber(op: string, name: string): boolean {
  // Dropout has an integer seed, generators a float one.
  if (name === "seed") return !op.endsWith("Dropout");
  return FLOATS.has(name);
}

function isFloatList(op: string, name: string): boolean {
  return FLOAT_LISTS.has(name) || (name === "scale" && op === "ai.onnx.ml:Scaler");
}

export interface AttributeSite {
  /** The operator, as the graph names it. */
  readonly op: string;
  readonly dataFile: DataFile | null;
  /** Names that are no snake case, by how the graph writes them. */
  readonly spellings: ReadonlyMap<string, string>;
  writeGraph(graph: Graph): MessageBuilder;
}

/** Returns an attribute of an operator; the schemas decide where the graph's numbers may be of two kinds. */
export function writeAttribute(
  camelName: string,
  value: AttributeValue,
  site: AttributeSite,
): MessageBuilder {
  const name = site.spellings.get(camelName) ?? snakeCase(camelName);
  const message = new MessageBuilder();
  // 1: name, 2: f, 3: i, 4: s, 5: t, 6: g, 7: floats, 8: ints, 9: strings, 10: tensors,
  // 11: graphs, 14: tp, 20: type
  message.string(1, name);
  const kind = kindOf(name, value, site);
  const { field, type } = KINDS[kind];
  message.int64(20, type);
  if (kind === "tensor" || kind === "tensors") {
    for (const tensor of [value].flat() as readonly Tensor[]) {
      message.message(field, writeTensor(tensor, tensor.name, site.dataFile));
    }
  } else if (kind === "graph" || kind === "graphs") {
    for (const graph of [value].flat() as readonly Graph[]) message.message(field, site.writeGraph(graph));
  } else if (kind === "type") message.message(field, writeTypeText(value as string, camelName));
  else if (kind === "float") message.float32(field, value as number);
  else if (kind === "int") message.int64(field, Number(value));
  else if (kind === "string") message.string(field, value as string);
  else if (kind === "strings") for (const text of value as readonly string[]) message.string(field, text);
  else if (kind === "floats") message.float32s(field, value as readonly number[]);
  else message.int64s(field, value as readonly number[]);
  return message;
}

function kindOf(name: string, value: AttributeValue, { op }: AttributeSite): keyof typeof KINDS {
  if (value instanceof Tensor) return "tensor";
  if (value instanceof Graph) return "graph";
  // The only attribute that is a type; the graph has it in words.
  if (typeof value === "string") return op === "Optional" && name === "type" ? "type" : "string";
  if (typeof value === "boolean") return "int";
  if (typeof value === "number") {
    return isFloatNumber(op, name) || !Number.isInteger(value) ? "float" : "int";
  }
  const list: readonly unknown[] = value;
  if (list.length === 0) {
    return STRING_LISTS.test(name) ? "strings" : isFloatList(op, name) ? "floats" : "ints";
  }
  if (list.every((item) => typeof item === "string")) return "strings";
  if (list.every((item) => item instanceof Tensor)) return "tensors";
  if (list.every((item) => item instanceof Graph)) return "graphs";
  if (list.every((item) => typeof item === "number")) {
    return isFloatList(op, name) || !list.every(Number.isInteger) ? "floats" : "ints";
  }
  throw new LabError({
    code: "ATTRIBUTE",
    message: `Cannot write attribute '${name}' of ${op}: it is a list of several kinds, expected numbers, texts, tensors or graphs`,
  });
}
