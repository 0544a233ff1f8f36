import { MessageBuilder } from "./message.js";

/** Returns a StringStringEntryProto: 1: key, 2: value. */
export function writeEntry(key: string, value: string): MessageBuilder {
  const message = new MessageBuilder();
  message.string(1, key);
  message.string(2, value);
  return message;
}
