/** The five sockets of a kernel: what it hears, what it answers, and what it publishes. */
import { randomUUID } from "node:crypto";
import { Publisher, Reply, Router } from "zeromq";
import { address, type Channel, type Connection } from "../protocol/connection.js";
import { type Header, type JsonObject, type Message, newHeader, pack, parse } from "../protocol/message.js";
import { type Outbox, outbox } from "../protocol/outbox.js";
import { streamJoiner } from "../protocol/stream-joiner.js";

/** Whose request an output belongs to; empty for what nobody asked for. */
export type Parent = Partial<Header>;
export type RequestChannel = "shell" | "control" | "stdin";

export interface Io {
  reply(channel: RequestChannel, request: Message, type: string, content: JsonObject): void;
  publish(type: string, parent: Parent, content: JsonObject): void;
  /** Publishes text, joined with what is printed around the same time. */
  stream(name: string, parent: Parent, text: string): void;
  /** Resolves when all that was said so far has been handed to ZeroMQ. */
  flushed(): Promise<void>;
  /** Sends what is held and closes the sockets; Node must not tear them down with the thread. */
  close(): Promise<void>;
  /** Binds the sockets and delivers requests; one that is not signed with the key goes no further. */
  listen(deliver: Deliver): Promise<void>;
}

type Deliver = (channel: RequestChannel, request: Message) => void;

/** Time for ZeroMQ's own thread to write what it was handed. */
const LINGER_MS = 50;

export function createIo(connection: Connection): Io {
  const session = randomUUID();
  const routers = {
    shell: new Router({ linger: 0 }),
    control: new Router({ linger: 0 }),
    stdin: new Router({ linger: 0 }),
  };
  // No high-water mark: a slow reader makes the queue grow, it does not make output disappear.
  const publisher = new Publisher({ linger: 500, sendHighWaterMark: 0 });
  const heartbeat = new Reply({ linger: 0 });
  const out: Record<RequestChannel | "iopub", Outbox> = {
    shell: outbox((frames) => routers.shell.send(frames)),
    control: outbox((frames) => routers.control.send(frames)),
    stdin: outbox((frames) => routers.stdin.send(frames)),
    iopub: outbox((frames) => publisher.send(frames)),
  };

  function say(
    channel: RequestChannel | "iopub",
    identities: readonly Buffer[],
    type: string,
    parent: Parent,
    content: JsonObject,
  ): void {
    const message = { identities, header: newHeader({ type, session }), parent, metadata: {}, content };
    out[channel].post(pack(message, connection.key));
  }
  const joiner = streamJoiner<Parent>({
    emit: ({ name, parent, text }) => say("iopub", [Buffer.from("stream")], "stream", parent, { name, text }),
  });

  async function serve(channel: RequestChannel, deliver: Deliver): Promise<void> {
    for await (const frames of routers[channel]) {
      const parsed = parse(frames, connection.key);
      if ("message" in parsed) deliver(channel, parsed.message);
    }
  }

  /** A closed socket ends its reader with an error; nothing is left to do then. */
  const ended = () => {};

  async function beat(): Promise<void> {
    for await (const frames of heartbeat) await heartbeat.send(frames);
  }

  async function flushed(): Promise<void> {
    joiner.flush();
    await Promise.all(Object.values(out).map((each) => each.flushed()));
  }

  return {
    flushed,
    async close() {
      await flushed();
      await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
      for (const socket of [routers.shell, routers.control, routers.stdin, publisher, heartbeat])
        socket.close();
    },
    reply(channel, request, type, content) {
      // What a cell printed is out before the cell is answered.
      joiner.flush();
      say(channel, request.identities, type, request.header, content);
    },
    publish(type, parent, content) {
      joiner.flush();
      say("iopub", [Buffer.from(type)], type, parent, content);
    },
    stream: (name, parent, text) => joiner.add({ name, parent, text }),
    async listen(deliver) {
      const at = (channel: Channel) => address(connection, channel);
      await Promise.all([
        routers.shell.bind(at("shell")),
        routers.control.bind(at("control")),
        routers.stdin.bind(at("stdin")),
        publisher.bind(at("iopub")),
        heartbeat.bind(at("hb")),
      ]);
      beat().catch(ended);
      for (const channel of ["shell", "control", "stdin"] as const) serve(channel, deliver).catch(ended);
      this.publish("status", {}, { execution_state: "starting" });
    },
  };
}
