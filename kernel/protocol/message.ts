/**
 * Jupyter messages as they travel: identities, a delimiter, a signature, then four JSON parts.
 *
 *     [identity …] <IDS|MSG> hmac header parent_header metadata content [buffer …]
 *
 * Protocol 5.4: jupyter-client documentation, "Messaging in Jupyter", section "The wire protocol".
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

export const PROTOCOL_VERSION = "5.4";
const DELIMITER = Buffer.from("<IDS|MSG>");

export type JsonObject = { readonly [key: string]: unknown };

export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

export interface Message {
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** The header this message answers; empty for what nobody asked for. */
  readonly parent: Partial<Header>;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  /** Binary parts behind the JSON, as comm messages carry them; not signed, as the protocol says. */
  readonly buffers?: readonly Buffer[];
}

export type Refusal = "no delimiter" | "missing parts" | "bad signature" | "bad JSON";
export type Parsed = { readonly message: Message } | { readonly refused: Refusal };

/** Returns a fresh header; the only place that draws ids and reads the clock. */
export function newHeader({ type, session }: { readonly type: string; readonly session: string }): Header {
  return {
    msg_id: randomUUID(),
    msg_type: type,
    session,
    username: "npulab",
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
}

function sign(key: string, parts: readonly (string | Buffer)[]): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** Returns the frames of a message, signed with `key`; an empty key means unsigned, as the protocol says. */
export function pack(message: Message, key: string): (string | Buffer)[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) =>
    JSON.stringify(part),
  );
  return [...message.identities, DELIMITER, sign(key, parts), ...parts, ...(message.buffers ?? [])];
}

/** Returns the signature of a message as it travelled; empty when there is none. */
export function signatureOf(frames: readonly Buffer[]): string {
  const at = frames.findIndex((frame) => frame.equals(DELIMITER));
  return at < 0 ? "" : (frames[at + 1]?.toString("latin1") ?? "");
}

/** Returns the message in `frames`, or why it is refused; never throws, whatever the frames hold. */
export function parse(frames: readonly Buffer[], key: string): Parsed {
  const at = frames.findIndex((frame) => frame.equals(DELIMITER));
  if (at < 0) return { refused: "no delimiter" };
  const signature = frames[at + 1];
  const parts = frames.slice(at + 2, at + 6);
  if (signature === undefined || parts.length < 4) return { refused: "missing parts" };
  if (key !== "") {
    const expected = Buffer.from(sign(key, parts));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      return { refused: "bad signature" };
    }
  }
  try {
    const [header, parent, metadata, content] = parts.map((part) =>
      asObject(JSON.parse(part.toString("utf8"))),
    );
    if (typeof header?.msg_type !== "string" || typeof header.msg_id !== "string")
      return { refused: "bad JSON" };
    return {
      message: {
        identities: frames.slice(0, at),
        header: header as unknown as Header,
        parent: (parent ?? {}) as Partial<Header>,
        metadata: metadata ?? {},
        content: content ?? {},
        ...(frames.length > at + 6 ? { buffers: frames.slice(at + 6) } : {}),
      },
    };
  } catch {
    return { refused: "bad JSON" };
  }
}

function asObject(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("not an object");
  return value as JsonObject;
}
