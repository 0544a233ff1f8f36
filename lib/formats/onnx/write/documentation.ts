import type { Documentation } from "../../../graph/documentation.js";
import { writeEntry } from "./entry.js";
import type { MessageBuilder } from "./message.js";

/** Appends what a file said about a thing, under the numbers that `doc_string` and `metadata_props` have there. */
export function writeDocumentation(
  message: MessageBuilder,
  documentation: Documentation | null | undefined,
  fields: { readonly text: number; readonly entries: number },
): void {
  if (!documentation) return;
  if (documentation.text !== "") message.string(fields.text, documentation.text);
  for (const [key, value] of documentation.entries) message.message(fields.entries, writeEntry(key, value));
}
