/** TypeProto: the mirror of value-type.ts. */
import { LabError } from "../../../errors.js";
import type { DType } from "../../../graph/dtype.js";
import type { Dim, Shape } from "../../../graph/shape.js";
import type { Tensor } from "../../../graph/tensor.js";
import { dataTypeCode, dataTypeOf } from "../data-types.js";
import { MessageBuilder } from "./message.js";

/** Returns the type of a value: a tensor's, or that of the sequence, map or optional value that it is. */
export function writeType({ name, dtype, shape, container, recorded }: Tensor): MessageBuilder {
  const dims = { shape: recorded?.elementShape ?? shape, denotations: recorded?.dimDenotations ?? [] };
  const type = container === null ? tensorType(1, dtype, dims) : writeTypeText(container, name, dims);
  // 6: denotation
  if (recorded?.denotation) type.string(6, recorded.denotation);
  return type;
}

interface Dims {
  /** null: the rank is open. */
  readonly shape: Shape | null;
  readonly denotations: readonly string[];
}

const OPEN: Dims = { shape: null, denotations: [] };

/** The message of a container within TypeProto: its field there. */
const SEQUENCE = 4;
const MAP = 5;
const SPARSE = 8;
const OPTIONAL = 9;

/**
 * Returns the TypeProto that ONNX writes in text; the tensors inside have `dims`. Throws a LabError that
 * says `owner` where the text is no type.
 *
 * ```
 * seq(map(int64,tensor(float)))      4: { 1: { 5: { 1: 7, 2: { 1: { 1: 1 } } } } }
 * ```
 */
export function writeTypeText(text: string, owner: string, dims: Dims = OPEN): MessageBuilder {
  const [, container = "", inside = ""] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  const refuse = () =>
    new LabError({
      code: "TYPE",
      message: `Cannot write the type of '${owner}': it is '${text}', expected a tensor, sequence, map or optional value of known elements`,
      at: owner,
    });
  const elementOf = (name: string): DType => {
    const dtype = dataTypeOf(name.toUpperCase());
    if (dtype !== null) return dtype;
    throw refuse();
  };
  switch (container) {
    case "tensor":
      return tensorType(1, elementOf(inside), dims);
    case "sparse_tensor":
      return tensorType(SPARSE, elementOf(inside), dims);
    case "seq":
    case "optional": {
      const message = new MessageBuilder();
      // 1: elem_type
      message.message(1, writeTypeText(inside, owner, dims));
      return wrapped(container === "seq" ? SEQUENCE : OPTIONAL, message);
    }
    case "map": {
      const comma = inside.indexOf(",");
      const message = new MessageBuilder();
      // 1: key_type, 2: value_type
      message.int64(1, dataTypeCode(elementOf(inside.slice(0, comma))));
      message.message(2, writeTypeText(inside.slice(comma + 1), owner, dims));
      return wrapped(MAP, message);
    }
  }
  throw refuse();
}

function wrapped(field: number, inner: MessageBuilder): MessageBuilder {
  const type = new MessageBuilder();
  type.message(field, inner);
  return type;
}

function tensorType(field: number, dtype: DType, { shape, denotations }: Dims): MessageBuilder {
  const tensor = new MessageBuilder();
  // 1: elem_type, 2: shape
  tensor.int64(1, dataTypeCode(dtype));
  if (shape !== null) {
    const dims = new MessageBuilder();
    for (const [axis, dim] of shape.entries()) dims.message(1, writeDim(dim, denotations[axis] ?? ""));
    tensor.message(2, dims);
  }
  return wrapped(field, tensor);
}

/** 1: dim_value, 2: dim_param; neither for a size of which nothing is known. 3: denotation. */
function writeDim(dim: Dim, denotation: string): MessageBuilder {
  const message = new MessageBuilder();
  if (typeof dim === "number") message.int64(1, dim);
  else if (dim !== null) message.string(2, dim);
  if (denotation !== "") message.string(3, denotation);
  return message;
}
