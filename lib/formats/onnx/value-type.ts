/** ValueInfoProto: the declared type of an input, an output or a value between nodes. */
import { LabError } from "../../errors.js";
import type { DType } from "../../graph/dtype.js";
import type { Dim, Shape } from "../../graph/shape.js";
import { dataType } from "./data-types.js";
import type { Message } from "./wire.js";

export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape | null;
}

/** Fields of TypeProto that are no tensors. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  4: "a sequence",
  5: "a map",
  7: "an opaque value",
  8: "a sparse tensor",
  9: "an optional value",
};

/**
 * Returns the name of a value and its type, or null where the file says nothing of it. `required` refuses
 * values that are no tensors, which a graph cannot take in or give out.
 */
export function readValueInfo(
  message: Message,
  { required }: { readonly required: boolean },
): readonly [name: string, type: ValueType | null] {
  let name = "";
  let type: Message | null = null;
  while (message.next()) {
    // 1: name, 2: type, 3: doc_string, 4: metadata_props
    if (message.field === 1) name = message.string();
    else if (message.field === 2) type = message.message("type");
  }
  if (type === null) return [name, null];
  while (type.next()) {
    // 1: tensor_type, 4: sequence_type, 5: map_type, 6: denotation, 7: opaque, 8: sparse_tensor, 9: optional
    if (type.field === 1) return [name, readTensorType(type.message("tensor_type"))];
    const other = OTHER_TYPES[type.field];
    if (other !== undefined && required) {
      throw new LabError({
        code: "UNSUPPORTED",
        message: `Cannot hold '${name}': it is ${other}, expected a tensor`,
        hint: "export the model with plain tensors as inputs and outputs (scikit-learn: zipmap=False)",
        at: message.path,
      });
    }
  }
  return [name, null];
}

function readTensorType(message: Message): ValueType | null {
  let code = 0;
  let shape: Shape | null = null;
  while (message.next()) {
    // 1: elem_type, 2: shape
    if (message.field === 1) code = message.uint32();
    else if (message.field === 2) shape = readShape(message.message("shape"));
  }
  return code === 0 ? null : { dtype: dataType(message, code).dtype, shape };
}

function readShape(message: Message): Shape {
  const dims: Dim[] = [];
  while (message.next()) {
    if (message.field === 1) dims.push(readDim(message.message("dim", dims.length)));
  }
  return dims;
}

/** A size, a symbol's name, or null. Some exporters write −1 for a free size. */
function readDim(message: Message): Dim {
  let dim: Dim = null;
  while (message.next()) {
    // 1: dim_value, 2: dim_param, 3: denotation
    if (message.field === 1) {
      const size = message.int64();
      dim = size < 0 ? null : size;
    } else if (message.field === 2) {
      dim = message.string() || null;
    }
  }
  return dim;
}
