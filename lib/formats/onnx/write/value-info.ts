/** ValueInfoProto: the mirror of value-type.ts. */
import type { DType } from "../../../graph/dtype.js";
import type { Dim, Shape } from "../../../graph/shape.js";
import { dataTypeCode } from "../data-types.js";
import { MessageBuilder } from "./message.js";

/** Returns a value and its type; without a shape the rank is open. */
export function writeValueInfo(name: string, dtype: DType, shape: Shape | null): MessageBuilder {
  const tensor = new MessageBuilder();
  // 1: elem_type, 2: shape
  tensor.int64(1, dataTypeCode(dtype));
  if (shape !== null) tensor.message(2, writeShape(shape));
  const type = new MessageBuilder();
  type.message(1, tensor);
  const info = new MessageBuilder();
  // 1: name, 2: type
  info.string(1, name);
  info.message(2, type);
  return info;
}

/** Returns a value of which nothing is said but its name, as the bodies of loops have them. */
export function writeUntyped(name: string): MessageBuilder {
  const info = new MessageBuilder();
  info.string(1, name);
  return info;
}

function writeShape(shape: Shape): MessageBuilder {
  const message = new MessageBuilder();
  for (const dim of shape) message.message(1, writeDim(dim));
  return message;
}

/** 1: dim_value, 2: dim_param; neither for a size of which nothing is known. */
function writeDim(dim: Dim): MessageBuilder {
  const message = new MessageBuilder();
  if (typeof dim === "number") message.int64(1, dim);
  else if (dim !== null) message.string(2, dim);
  return message;
}
