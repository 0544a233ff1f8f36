/** A front end without manners: raw sockets to a kernel, any message at any time, nothing awaited. */
import { setTimeout as pause } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";
import { address, type Connection } from "../../kernel/protocol/connection.js";
import { type JsonObject, type Message, newHeader, pack, parse } from "../../kernel/protocol/message.js";

export interface Heard extends Message {
  readonly channel: "shell" | "control" | "stdin" | "iopub";
}

export interface Peer {
  readonly session: string;
  /** Everything heard so far, in order of arrival. */
  readonly heard: readonly Heard[];
  /** Sends a message and returns its id. */
  send(
    channel: "shell" | "control" | "stdin",
    type: string,
    content?: JsonObject,
    buffers?: readonly Buffer[],
  ): Promise<string>;
  /** Sends frames as they are. */
  sendFrames(channel: "shell" | "control" | "stdin", frames: readonly (string | Buffer)[]): Promise<void>;
  /** Returns the first message that fits, now or later; throws when none comes in time. */
  until(fits: (message: Heard) => boolean, limitMs?: number): Promise<Heard>;
  answersTo(id: string): readonly Heard[];
  close(): void;
}

let peers = 0;

export async function connectPeer(connection: Connection): Promise<Peer> {
  const session = `peer-${process.pid}-${++peers}`;
  const sockets = {
    shell: new Dealer({ routingId: session, linger: 0 }),
    control: new Dealer({ routingId: session, linger: 0 }),
    stdin: new Dealer({ routingId: session, linger: 0 }),
    iopub: new Subscriber({ linger: 0, receiveHighWaterMark: 0 }),
  };
  const heard: Heard[] = [];
  sockets.iopub.subscribe();
  for (const channel of ["shell", "control", "stdin", "iopub"] as const) {
    sockets[channel].connect(address(connection, channel));
    const receive = async () => {
      for await (const frames of sockets[channel]) {
        const parsed = parse(frames, connection.key);
        if ("message" in parsed) heard.push({ ...parsed.message, channel });
      }
    };
    receive().catch(() => {}); // closed
  }

  const peer: Peer = {
    session,
    heard,
    async send(channel, type, content = {}, buffers = []) {
      const header = newHeader({ type, session });
      const message = { identities: [], header, parent: {}, metadata: {}, content, buffers };
      await sockets[channel].send(pack(message, connection.key));
      return header.msg_id;
    },
    sendFrames: (channel, frames) => sockets[channel].send([...frames]),
    async until(fits, limitMs = 20_000) {
      const limit = performance.now() + limitMs;
      for (;;) {
        const found = heard.find(fits);
        if (found !== undefined) return found;
        if (performance.now() > limit) {
          const said = heard.slice(-8).map(({ channel, header }) => `${channel}:${header.msg_type}`);
          throw new Error(`No such message came within ${limitMs} ms; the last heard: ${said.join(", ")}`);
        }
        await pause(5);
      }
    },
    answersTo: (id) => heard.filter(({ parent }) => parent.msg_id === id),
    close() {
      for (const socket of Object.values(sockets)) socket.close();
    },
  };
  // A subscription takes effect some time after connecting.
  for (let tries = 0; tries < 100; tries++) {
    const id = await peer.send("control", "kernel_info_request");
    await pause(50);
    if (heard.some(({ channel, parent }) => channel === "iopub" && parent.msg_id === id)) break;
  }
  return peer;
}

export const isIdleOf =
  (id: string) =>
  ({ header, parent, content }: Message): boolean =>
    header.msg_type === "status" && content.execution_state === "idle" && parent.msg_id === id;

export const isReplyTo =
  (id: string) =>
  ({ channel, parent }: Heard): boolean =>
    channel !== "iopub" && parent.msg_id === id;
