import type { Message } from "./wire.js";

/** Returns a StringStringEntryProto: 1: key, 2: value. */
export function readEntry(message: Message): [string, string] {
  let key = "";
  let value = "";
  while (message.next()) {
    if (message.field === 1) key = message.string();
    else if (message.field === 2) value = message.string();
  }
  return [key, value];
}
