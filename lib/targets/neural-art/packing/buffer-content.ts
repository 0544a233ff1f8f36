/** What lies in a buffer: the bytes, and how far they can be trusted. */
import type { ToolVersion } from "../records.js";
import { SEEN_IN_IMAGES } from "./seen-in-images.js";

/**
 * `known`: by rules that gave compiled images of the same tool byte for byte; `assumed`: by a rule that no such
 * image shows at work; `unknown`: zeros stand for the bytes.
 */
export type ContentStatus = "known" | "assumed" | "unknown";

export interface BufferContent {
  readonly status: ContentStatus;
  /** Why it is not known; empty when it is. */
  readonly why: string;
  /** As many as the buffer has. */
  readonly bytes: Uint8Array;
}

export function assumed(bytes: Uint8Array, why: string): BufferContent {
  return { status: "assumed", why, bytes };
}

export function unknown(buffer: { readonly bytes: number }, why: string): BufferContent {
  return { status: "unknown", why, bytes: new Uint8Array(buffer.bytes) };
}

/** Returns bytes as known where images of this tool show their kind, else as assumed. */
export function seen(
  bytes: Uint8Array,
  kind: string,
  { tool }: { readonly tool: ToolVersion },
): BufferContent {
  const tools = SEEN_IN_IMAGES.value[kind] ?? [];
  if (tools.includes(tool)) return { status: "known", why: "", bytes };
  const why =
    tools.length === 0
      ? `no image at hand has ${kind}`
      : `images at hand show ${kind} in ${tools.join(", ")}, not in ${tool}`;
  return assumed(bytes, why);
}
