/** `doc_string` and `metadata_props`, which models, graphs, nodes, values and constants all may have. */
import type { Documentation } from "../../graph/documentation.js";
import { ENTRY_COST, NOTES_COST } from "./costs.js";
import { readEntry } from "./entry.js";
import type { Message } from "./wire.js";

const NONE: Documentation = { text: "", entries: new Map() };

/** Returns what is known with the current field as its text; an empty text says nothing. */
export function withText(known: Documentation | null, message: Message): Documentation | null {
  if (known === null) message.spend(ENTRY_COST);
  const text = message.string();
  return text === "" ? known : { ...(known ?? NONE), text };
}

/** What is known while it is read: lists of notes grow in place. */
interface Growing extends Documentation {
  readonly entries: Map<string, string>;
}

/** Returns what is known with the entry in the current field added; of two under one key the later stands. */
export function withEntry(known: Documentation | null, message: Message): Documentation {
  message.spend(known === null || known.entries.size === 0 ? NOTES_COST : ENTRY_COST);
  const [key, value] = readEntry(message.message("metadata_props", known?.entries.size ?? 0));
  if (known === null || known.entries.size === 0) {
    return { text: known?.text ?? "", entries: new Map([[key, value]]) };
  }
  (known as Growing).entries.set(key, value);
  return known;
}
