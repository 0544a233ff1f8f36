/**
 * Comms as the wire sees them: which targets cells have registered, which comms are open, and the messages
 * on their way in both directions. A comm to an unknown target is closed at once, so that its opener knows.
 */
import type { JsonObject, Message } from "../protocol/message.js";
import type { CommEvent, FromMain, ToMain } from "../threads.js";
import type { Executor } from "./executor.js";
import type { Io } from "./io.js";

export interface Comms {
  /** Passes a front end's message to the cells' thread; resolves when its handler has returned. */
  deliver(request: Message): Promise<void>;
  /** Takes what the cells' thread says of comms; returns false when the message is not of that kind. */
  heard(message: FromMain): boolean;
  /** Returns the open comms as `comm_info_reply` lists them; those of one target where one is named. */
  open(target: string): JsonObject;
}

export interface CommsOptions {
  readonly io: Io;
  readonly executor: Executor;
  readonly post: (message: ToMain) => void;
}

const EVENTS: { readonly [type: string]: CommEvent } = {
  comm_open: "open",
  comm_msg: "message",
  comm_close: "close",
};
const TYPES: Record<CommEvent, string> = { open: "comm_open", message: "comm_msg", close: "comm_close" };

export function createComms({ io, executor, post }: CommsOptions): Comms {
  const targets = new Set<string>();
  const comms = new Map<string, string>();
  const handled = new Map<number, () => void>();
  let delivered = 0;

  return {
    async deliver({ header, content, metadata, buffers = [] }) {
      const event = EVENTS[header.msg_type];
      if (event === undefined) return;
      const comm = String(content.comm_id ?? "");
      const target = event === "open" ? String(content.target_name ?? "") : (comms.get(comm) ?? "");
      if (event === "open") {
        if (!targets.has(target)) return io.publish("comm_close", header, { comm_id: comm, data: {} });
        comms.set(comm, target);
      } else if (!comms.has(comm)) return;
      if (event === "close") comms.delete(comm);

      const id = ++delivered;
      const cell = `comm ${id}`;
      executor.adopt(cell, header);
      const done = new Promise<void>((resolve) => handled.set(id, resolve));
      const data = asObject(content.data);
      post({ op: "comm", id, cell, event, comm, target, data, metadata, buffers });
      await done;
    },
    heard(message) {
      switch (message.op) {
        case "commHandled":
          handled.get(message.id)?.();
          handled.delete(message.id);
          return true;
        case "commTarget":
          if (message.registered) targets.add(message.target);
          else targets.delete(message.target);
          return true;
        case "comm": {
          const { event, comm, target, data, metadata, buffers } = message;
          if (event === "open") comms.set(comm, target);
          if (event === "close") comms.delete(comm);
          const content =
            event === "open" ? { comm_id: comm, target_name: target, data } : { comm_id: comm, data };
          io.publish(TYPES[event], executor.parentOf(message.cell), content, {
            metadata,
            buffers: buffers.map((each) => Buffer.from(each)),
          });
          return true;
        }
        default:
          return false;
      }
    },
    open: (wanted) =>
      Object.fromEntries(
        [...comms]
          .filter(([, target]) => wanted === "" || target === wanted)
          .map(([comm, target]) => [comm, { target_name: target }]),
      ),
  };
}

function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}
