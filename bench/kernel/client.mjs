/**
 * One conversation with one kernel, whichever it is: the same few lines time all of them. The protocol's parts are
 * those of `kernel/`; the waiting is not, because there a reply is looked for only now and then while a kernel starts.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { address, loopbackConnection, writeConnection } from "../../dist/kernel/protocol/connection.js";
import { newHeader, pack, parse } from "../../dist/kernel/protocol/message.js";

/** Milliseconds between two tries to connect; ZeroMQ's own 100 would be seen in the start-up times. */
const RECONNECT_MS = 2;
const ANSWER_MS = 30_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a kernel and resolves when it has answered `kernel_info_request`, with the time that took. */
export async function start({ command, cwd, env = {} }) {
  const connection = await loopbackConnection();
  const folder = mkdtempSync(join(tmpdir(), "bench-kernel-"));
  const file = join(folder, "connection.json");
  writeConnection(file, connection);
  const session = randomUUID();
  const options = { routingId: session, linger: 0, reconnectInterval: RECONNECT_MS };
  const sockets = { shell: new Dealer(options), control: new Dealer(options) };
  const iopub = new Subscriber({ linger: 0, reconnectInterval: RECONNECT_MS, receiveHighWaterMark: 0 });
  const waiting = new Map();

  const begun = performance.now();
  const [program, ...args] = command(file);
  // Reading extra certificates would take each Node a tenth of a second, whichever kernel it runs.
  const { NODE_EXTRA_CA_CERTS: _, ...plain } = process.env;
  const child = spawn(program, args, { cwd, env: { ...plain, ...env }, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const listen = async (socket, published) => {
    for await (const frames of socket) {
      const { message } = parse(frames, connection.key);
      const asked = waiting.get(message?.parent.msg_id);
      if (asked === undefined) continue;
      if (!published) asked.reply = message;
      else if (message.content.execution_state === "idle") asked.idle = true;
      if (asked.reply !== undefined && (asked.idle || !asked.awaitIdle)) asked.settle(message);
    }
  };
  for (const channel of ["shell", "control"]) sockets[channel].connect(address(connection, channel));
  iopub.connect(address(connection, "iopub"));
  iopub.subscribe();
  for (const socket of Object.values(sockets)) listen(socket, false).catch(() => {});
  listen(iopub, true).catch(() => {});

  /** Resolves to the reply and the milliseconds until it and, if asked for, `idle` were there. */
  function ask(channel, type, content = {}, awaitIdle = false) {
    return new Promise((resolve, reject) => {
      const header = newHeader({ type, session });
      const late = setTimeout(() => {
        waiting.delete(header.msg_id);
        const { reply } = asked;
        const state = reply === undefined ? "no answer" : "an answer, but no idle status";
        reject(new Error(`Cannot time ${type} '${content.code ?? ""}': ${state} within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
      const sent = performance.now();
      const asked = {
        awaitIdle,
        settle() {
          const ms = performance.now() - sent;
          clearTimeout(late);
          const { reply } = waiting.get(header.msg_id);
          waiting.delete(header.msg_id);
          resolve({ ms, content: reply.content });
        },
      };
      waiting.set(header.msg_id, asked);
      const message = { identities: [], header, parent: {}, metadata: {}, content };
      sockets[channel].send(pack(message, connection.key)).catch(reject);
    });
  }

  await ask("shell", "kernel_info_request");
  const startMs = performance.now() - begun;
  return {
    startMs,
    ask,
    /** Runs a cell and returns its milliseconds; a cell that fails has no time. */
    async run(code) {
      const content = { code, silent: false, store_history: true, allow_stdin: false, stop_on_error: true };
      const { ms, content: reply } = await ask("shell", "execute_request", content, true);
      if (reply.status !== "ok")
        throw new Error(`Cannot time '${code}': it ended with ${JSON.stringify(reply).slice(0, 300)}`);
      return ms;
    },
    /** Resident memory of the kernel and the processes it has started, in MB of 10^6 bytes. */
    residentMb: () => residentMb(child.pid),
    async stop() {
      child.kill("SIGKILL");
      await Promise.race([ended, pause(2000)]);
      for (const socket of [...Object.values(sockets), iopub]) socket.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Linux, proc(5): `RssAnon` and `RssShmem` of each process, and `RssFile`, which processes of one program share, of
 * the largest; kB of 1024.
 */
function residentMb(root) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // it has ended
    }
  }
  const below = (pid) => [
    pid,
    ...[...parents].flatMap(([child, parent]) => (parent === pid ? below(child) : [])),
  ];
  const sizes = below(root).map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const of = (field) => (Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024) / 1e6;
    return { own: of("RssAnon") + of("RssShmem"), shared: of("RssFile") };
  });
  return sizes.reduce((sum, { own }) => sum + own, 0) + Math.max(...sizes.map(({ shared }) => shared));
}
