/** ValueInfoProto: a value, its type, and what the file says about it. */
import type { Tensor } from "../../../graph/tensor.js";
import { writeDocumentation } from "./documentation.js";
import { MessageBuilder } from "./message.js";
import { writeType } from "./value-type.js";

/** Returns a value and its type; without a shape the rank is open. */
export function writeValueInfo(name: string, tensor: Tensor): MessageBuilder {
  const info = new MessageBuilder();
  // 1: name, 2: type, 3: doc_string, 4: metadata_props
  info.string(1, name);
  info.message(2, writeType(tensor));
  writeDocumentation(info, tensor.recorded?.documentation, { text: 3, entries: 4 });
  return info;
}

/** Returns a value of whose type nothing is said, as the bodies of loops have them. */
export function writeUntyped(name: string, { recorded }: Tensor): MessageBuilder {
  const info = new MessageBuilder();
  info.string(1, name);
  writeDocumentation(info, recorded?.documentation, { text: 3, entries: 4 });
  return info;
}
