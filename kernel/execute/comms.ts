/**
 * Comms: messages of any form between cells and the front end, outside of requests and replies. Either side
 * opens one to a target that the other has registered.
 *
 *     import { openComm, registerCommTarget } from "tslab";
 *     registerCommTarget("echo", (comm) => comm.onMessage(({ data }) => comm.send(data)));
 */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../protocol/message.js";
import type { CommEvent, FromMain, ToMain } from "../threads.js";

export interface CommMessage {
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  /** Binary parts that travel beside the JSON. */
  readonly buffers: readonly Uint8Array[];
}

export interface CommContent {
  readonly data?: JsonObject;
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Uint8Array[];
}

export interface Comm {
  readonly id: string;
  readonly target: string;
  send(data: JsonObject, more?: Omit<CommContent, "data">): void;
  /** Closes it on both sides; closing twice does nothing. */
  close(data?: JsonObject): void;
  onMessage(handler: (message: CommMessage) => void): void;
  onClose(handler: (message: CommMessage) => void): void;
}

export type CommOpened = (comm: Comm, opening: CommMessage) => void;

export interface CommBackend {
  readonly post: (message: FromMain) => void;
  /** The cell that the running code belongs to. */
  readonly cell: () => string;
}

interface Known {
  readonly comm: Comm;
  message?: (message: CommMessage) => void;
  closed?: (message: CommMessage) => void;
}

let backend: CommBackend | undefined;
const targets = new Map<string, CommOpened>();
const comms = new Map<string, Known>();

/** Connects this module to the kernel it runs in. */
export function connectComms(kernel: CommBackend): void {
  backend = kernel;
}

function kernel(): CommBackend {
  if (backend === undefined) throw new Error("Cannot use comms: this module works in a notebook cell only");
  return backend;
}

/** From now on front ends may open comms to `target`; `opened` gets each. Registering again replaces it. */
export function registerCommTarget(target: string, opened: CommOpened): void {
  kernel().post({ op: "commTarget", target, registered: true });
  targets.set(target, opened);
}

export function unregisterCommTarget(target: string): void {
  kernel().post({ op: "commTarget", target, registered: false });
  targets.delete(target);
}

/** Opens a comm to a target that the front end has registered; one that has not closes it at once. */
export function openComm(target: string, content: CommContent = {}): Comm {
  const { comm } = remember(randomUUID(), target);
  post("open", comm, content);
  return comm;
}

function post(event: CommEvent, { id, target }: Comm, content: CommContent): void {
  const { data = {}, metadata = {}, buffers = [] } = content;
  // What travels is JSON: anything else fails here, in the cell that sent it.
  const plain = JSON.parse(JSON.stringify({ data, metadata })) as Pick<CommMessage, "data" | "metadata">;
  kernel().post({ op: "comm", cell: kernel().cell(), event, comm: id, target, ...plain, buffers });
}

function remember(id: string, target: string): Known {
  const known: Known = {
    comm: {
      id,
      target,
      send: (data, more = {}) => {
        if (!comms.has(id)) throw new Error(`Cannot send on comm '${id}' to '${target}': it is closed`);
        post("message", known.comm, { data, ...more });
      },
      close: (data = {}) => {
        if (comms.delete(id)) post("close", known.comm, { data });
      },
      onMessage: (handler) => {
        known.message = handler;
      },
      onClose: (handler) => {
        known.closed = handler;
      },
    },
  };
  comms.set(id, known);
  return known;
}

/** Calls the handler that a front end's message is for; what it throws is the caller's to show. */
export function deliverComm({
  event,
  comm: id,
  target,
  data,
  metadata,
  buffers,
}: ToMain & { op: "comm" }): void {
  const message: CommMessage = { data, metadata, buffers };
  if (event === "open") {
    targets.get(target)?.(remember(id, target).comm, message);
    return;
  }
  const known = comms.get(id);
  if (event === "message") known?.message?.(message);
  else {
    comms.delete(id);
    known?.closed?.(message);
  }
}
