/**
 * A kernel process and the conversation with it: starts it on a connection file of its own, sends requests,
 * awaits their replies and the `idle` that ends their output, and notices when it dies.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { LabError } from "../lib/errors.js";
import { kernelCommand } from "./kernelspec.js";
import {
  address,
  type Channel,
  type Connection,
  loopbackConnection,
  writeConnection,
} from "./protocol/connection.js";
import { type JsonObject, type Message, newHeader, pack, parse } from "./protocol/message.js";
import { type Outbox, outbox } from "./protocol/outbox.js";

export interface StartKernelOptions {
  /** The folder that imports and files of the cells are relative to. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly command?: (connectionFile: string) => readonly string[];
  readonly startSeconds?: number;
}

export interface ExecuteOptions {
  readonly silent?: boolean;
  readonly storeHistory?: boolean;
  readonly stopOnError?: boolean;
  readonly userExpressions?: { readonly [name: string]: string };
  /** False leaves `outputs` empty: for cells whose output is not wanted, or too much to hold. */
  readonly keepOutputs?: boolean;
  /** Called for each output message as it arrives. */
  readonly onOutput?: (message: Message) => void;
  /** Answers `input_request`; without it the kernel is told that nobody answers. */
  readonly onInput?: (prompt: string) => string;
}

export interface Executed {
  readonly reply: JsonObject;
  /** What was published for this request, in order, status messages left out. */
  readonly outputs: readonly Message[];
}

export interface KernelDeath {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last that the process itself wrote to standard error. */
  readonly lastWords: string;
}

export interface KernelClient {
  readonly pid: number;
  readonly connection: Connection;
  readonly info: JsonObject;
  execute(code: string, options?: ExecuteOptions): Promise<Executed>;
  request(channel: "shell" | "control", type: string, content?: JsonObject): Promise<Message>;
  interrupt(): Promise<void>;
  /** Asks the kernel to end, and ends it when it does not. */
  shutdown(): Promise<void>;
  /** Ends the process at once and removes its connection file. */
  kill(): void;
  /** Resolves when the process has ended, for whatever reason. */
  readonly died: Promise<KernelDeath>;
}

interface Pending {
  readonly outputs: Message[];
  readonly options: ExecuteOptions;
  reply: Message | undefined;
  idle: boolean;
  readonly settle: () => void;
  readonly reject: (error: LabError) => void;
}

const LAST_WORDS_CHARS = 4000;
const SHUTDOWN_MS = 2000;

export async function startKernel(options: StartKernelOptions = {}): Promise<KernelClient> {
  const connection = await loopbackConnection();
  const folder = mkdtempSync(join(tmpdir(), "npulab-kernel-"));
  const file = join(folder, "connection.json");
  writeConnection(file, connection);
  const [program, ...args] = (options.command ?? kernelCommand)(file);
  const child = spawn(program as string, args, {
    cwd: options.cwd ?? process.cwd(),
    // What programs run is not what a person typed: only front ends keep a history.
    env: { ...process.env, NPULAB_HISTORY: "off", ...options.env, JPY_PARENT_PID: String(process.pid) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const conversation = converse({
    child,
    connection,
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  });
  try {
    const info = await conversation.ready((options.startSeconds ?? 30) * 1000);
    return { ...conversation.client, info };
  } catch (error) {
    conversation.client.kill();
    throw error;
  }
}

interface ConverseOptions {
  readonly child: ChildProcess;
  readonly connection: Connection;
  readonly cleanUp: () => void;
}

function converse({ child, connection, cleanUp }: ConverseOptions) {
  const session = randomUUID();
  // The kernel sends a question to the identity that asked it to execute: shell and stdin share one.
  const routingId = `npulab-${session}`;
  const sockets = {
    shell: new Dealer({ routingId, linger: 0 }),
    control: new Dealer({ routingId, linger: 0 }),
    stdin: new Dealer({ routingId, linger: 0 }),
    iopub: new Subscriber({ linger: 0, receiveHighWaterMark: 0 }),
  };
  const out: Record<"shell" | "control" | "stdin", Outbox> = {
    shell: outbox((frames) => sockets.shell.send(frames)),
    control: outbox((frames) => sockets.control.send(frames)),
    stdin: outbox((frames) => sockets.stdin.send(frames)),
  };
  for (const channel of ["shell", "control", "stdin", "iopub"] as const)
    sockets[channel].connect(address(connection, channel));
  sockets.iopub.subscribe();

  const pending = new Map<string, Pending>();
  /** Timers and rejected promises of a cell write after its `idle`: those who listen still hear them. */
  const finished = new Map<string, Pending>();
  let death: KernelDeath | undefined;
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });

  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const died = new Promise<KernelDeath>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      if (death !== undefined) return;
      death = { code, signal, lastWords: lastWords.trim() };
      process.off("exit", killWithUs);
      cleanUp();
      // What the kernel said before it died may still be on its way through the sockets.
      setTimeout(() => {
        for (const each of pending.values()) each.reject(deathError(death as KernelDeath));
        pending.clear();
        for (const socket of Object.values(sockets)) socket.close();
        resolve(death as KernelDeath);
      }, 100);
    };
    child.once("close", end);
    child.once("error", (error) => {
      lastWords += error.message;
      end(null, null);
    });
  });

  async function receive(channel: Channel & keyof typeof sockets): Promise<void> {
    for await (const frames of sockets[channel]) {
      const parsed = parse(frames, connection.key);
      if ("message" in parsed) heard(channel, parsed.message);
    }
  }
  for (const channel of ["shell", "control", "stdin", "iopub"] as const) {
    receive(channel).catch(() => {}); // the socket was closed: the kernel is gone
  }

  function heard(channel: Channel, message: Message): void {
    const id = message.parent.msg_id ?? "";
    const { msg_type: type } = message.header;
    if (channel === "iopub" && type !== "status") finished.get(id)?.options.onOutput?.(message);
    const request = pending.get(id);
    if (request === undefined) return;
    if (channel === "stdin") {
      const value = request.options.onInput?.(String(message.content.prompt ?? "")) ?? "";
      send("stdin", "input_reply", { value }, message.header);
      return;
    }
    if (channel !== "iopub") request.reply = message;
    else if (type !== "status") {
      if (request.options.keepOutputs !== false) request.outputs.push(message);
      request.options.onOutput?.(message);
    } else if (message.content.execution_state === "idle") request.idle = true;
    if (request.reply !== undefined && request.idle) request.settle();
  }

  function send(
    channel: "shell" | "control" | "stdin",
    type: string,
    content: JsonObject,
    parent = {},
  ): string {
    const header = newHeader({ type, session });
    out[channel].post(pack({ identities: [], header, parent, metadata: {}, content }, connection.key));
    return header.msg_id;
  }

  function ask(
    channel: "shell" | "control",
    type: string,
    content: JsonObject,
    options: ExecuteOptions = {},
  ): Promise<Pending> {
    return new Promise((resolve, reject) => {
      if (death !== undefined) return reject(deathError(death));
      const id = send(channel, type, content);
      const request: Pending = {
        outputs: [],
        options,
        reply: undefined,
        idle: false,
        reject,
        settle() {
          pending.delete(id);
          if (options.onOutput !== undefined) finished.set(id, request);
          resolve(request);
        },
      };
      pending.set(id, request);
    });
  }

  async function ready(limitMs: number): Promise<JsonObject> {
    const until = Date.now() + limitMs;
    // The subscription takes effect some time after connecting: ask until an answer's `idle` is heard as well.
    while (Date.now() < until) {
      const asked = ask("shell", "kernel_info_request", {});
      const answer = await Promise.race([asked, pause(200)]);
      if (answer?.reply !== undefined) return answer.reply.content;
      asked.catch(() => {});
      if (death !== undefined) throw deathError(death);
    }
    throw new LabError({
      code: "KERNEL_START",
      message: `Cannot start the kernel: it gave no answer within ${limitMs / 1000} s`,
      ...(lastWords === "" ? {} : { hint: `It wrote: ${lastWords.trim()}` }),
    });
  }

  const client: Omit<KernelClient, "info"> = {
    pid: child.pid ?? 0,
    connection,
    died,
    async execute(code, options = {}) {
      const { reply, outputs } = await ask(
        "shell",
        "execute_request",
        {
          code,
          silent: options.silent ?? false,
          store_history: options.storeHistory ?? true,
          user_expressions: options.userExpressions ?? {},
          allow_stdin: options.onInput !== undefined,
          stop_on_error: options.stopOnError ?? true,
        },
        options,
      );
      return { reply: (reply as Message).content, outputs };
    },
    async request(channel, type, content = {}) {
      return (await ask(channel, type, content)).reply as Message;
    },
    async interrupt() {
      await ask("control", "interrupt_request", {});
    },
    async shutdown() {
      const asked = ask("control", "shutdown_request", { restart: false });
      asked.catch(() => {});
      await Promise.race([died, pause(SHUTDOWN_MS)]);
      child.kill("SIGKILL");
      await died;
    },
    kill() {
      child.kill("SIGKILL");
    },
  };
  return { client, ready };
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}

function deathError({ code, signal, lastWords }: KernelDeath): LabError {
  const how = signal === null ? `exit status ${code}` : `signal ${signal}`;
  const memory = /heap out of memory/.test(lastWords);
  return new LabError({
    code: "KERNEL_DIED",
    message: `Cannot go on: the kernel died (${memory ? "out of memory" : how})`,
    hint: lastWords === "" ? "Run the cells again in a fresh kernel" : `Its last words: ${lastWords}`,
  });
}
