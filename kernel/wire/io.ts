/** The five sockets of a kernel: what it hears, what it answers, and what it publishes. */
import { randomUUID } from "node:crypto";
import { Publisher, Reply, Router } from "zeromq";
import { address, type Channel, type Connection } from "../protocol/connection.js";
import {
  type Header,
  type JsonObject,
  type Message,
  newHeader,
  pack,
  parse,
  signatureOf,
} from "../protocol/message.js";
import { type Frames, type Outbox, outbox } from "../protocol/outbox.js";
import { replays } from "../protocol/replays.js";
import { streamJoiner } from "../protocol/stream-joiner.js";

/** Whose request an output belongs to; empty for what nobody asked for. */
export type Parent = Partial<Header>;
export type RequestChannel = "shell" | "control" | "stdin";

export interface Extras {
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Buffer[];
  /** Called once ZeroMQ has the message; a question to a front end that has gone is not `delivered`. */
  readonly sent?: (delivered: boolean) => void;
}

export interface Io {
  reply(
    channel: RequestChannel,
    request: Message,
    type: string,
    content: JsonObject,
    extras?: Pick<Extras, "sent">,
  ): void;
  publish(type: string, parent: Parent, content: JsonObject, extras?: Extras): void;
  /** Publishes text, joined with what is printed around the same time. */
  stream(name: string, parent: Parent, text: string): void;
  /** Resolves when all that was said so far has been handed to ZeroMQ. */
  flushed(): Promise<void>;
  /** Sends what is held and closes the sockets; Node must not tear them down with the thread. */
  close(): Promise<void>;
  /**
   * Binds the sockets and delivers requests. One that is not signed with the key, or was delivered before,
   * goes no further.
   */
  listen(deliver: Deliver): Promise<void>;
}

type Deliver = (channel: RequestChannel, request: Message) => void;

export interface IoOptions {
  readonly connection: Connection;
  /** Called when joined text has been handed to ZeroMQ, with how much it was. */
  readonly streamed: (characters: number, pieces: number) => void;
  /** A remark for whoever reads the kernel's log. */
  readonly log: (remark: string) => void;
}

/** Time for ZeroMQ's own thread to write what it was handed. */
const LINGER_MS = 50;
/** Messages held for each reader; of joined text, some tens of megabytes. */
const READER_ROOM = 128;
/** How long a reader that takes nothing may hold up the cell; then it misses output, and the others go on. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 2;

export function createIo({ connection, streamed, log }: IoOptions): Io {
  const session = randomUUID();
  const routers = {
    shell: new Router({ linger: 0 }),
    control: new Router({ linger: 0 }),
    // Without `mandatory`, what is sent to nobody vanishes without a word.
    stdin: new Router({ linger: 0, mandatory: true }),
  };
  // A slow reader holds up the cell instead of missing output or filling the memory.
  const publisher = new Publisher({ linger: 500, sendHighWaterMark: READER_ROOM, noDrop: true });
  const heartbeat = new Reply({ linger: 0 });
  const out: Record<RequestChannel | "iopub", Outbox> = {
    shell: outbox((frames) => routers.shell.send(frames)),
    control: outbox((frames) => routers.control.send(frames)),
    stdin: outbox((frames) => routers.stdin.send(frames)),
    iopub: outbox(publishPatiently),
  };
  const accepted = replays();
  const refusals = new Set<string>();
  let patient = true;

  function setPatient(on: boolean): void {
    if (patient === on) return;
    patient = on;
    publisher.noDrop = on;
  }

  /** ZeroMQ takes a message when every reader has room for it, or when readers without room may miss it. */
  async function publishPatiently(frames: Frames): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await publisher.send(frames);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
      if (performance.now() > until && patient) {
        log(`A front end took no output for ${PATIENCE_MS / 1000} s; it misses the rest of this cell's.`);
        setPatient(false);
      } else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  function refuse(reason: string): void {
    if (refusals.has(reason)) return;
    refusals.add(reason);
    log(`A message was refused: ${reason}. Further ones like it are refused without a word.`);
  }

  function say(
    channel: RequestChannel | "iopub",
    identities: readonly Buffer[],
    type: string,
    parent: Parent,
    content: JsonObject,
    { metadata = {}, buffers = [], sent }: Extras = {},
  ): void {
    const header = newHeader({ type, session });
    out[channel].post(pack({ identities, header, parent, metadata, content, buffers }, connection.key), sent);
  }
  const joiner = streamJoiner<Parent>({
    emit: ({ name, parent, text, pieces }) =>
      say(
        "iopub",
        [Buffer.from("stream")],
        "stream",
        parent,
        { name, text },
        {
          sent: () => streamed(text.length, pieces),
        },
      ),
  });

  async function serve(channel: RequestChannel, deliver: Deliver): Promise<void> {
    for await (const frames of routers[channel]) {
      const parsed = parse(frames, connection.key);
      if ("refused" in parsed) refuse(parsed.refused);
      else if (!accepted.accept(signatureOf(frames))) refuse("seen before");
      else deliver(channel, parsed.message);
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
      setPatient(false);
      await flushed();
      await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
      for (const socket of [routers.shell, routers.control, routers.stdin, publisher, heartbeat])
        socket.close();
    },
    reply(channel, request, type, content, extras) {
      // What a cell printed is out before the cell is answered.
      joiner.flush();
      say(channel, request.identities, type, request.header, content, extras);
    },
    publish(type, parent, content, extras) {
      joiner.flush();
      if (type === "execute_input") setPatient(true);
      say("iopub", [Buffer.from(type)], type, parent, content, extras);
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
