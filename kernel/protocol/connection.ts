/** The connection file: where a kernel listens, and the key that signs what it hears and says. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { z } from "zod";
import { LabError } from "../../lib/errors.js";

const port = z.int().min(1).max(65535);
const connectionSchema = z.object({
  transport: z.enum(["tcp", "ipc"]).default("tcp"),
  ip: z.string().min(1),
  shell_port: port,
  iopub_port: port,
  stdin_port: port,
  control_port: port,
  hb_port: port,
  key: z.string(),
  signature_scheme: z.literal("hmac-sha256").default("hmac-sha256"),
});

export type Connection = Readonly<z.infer<typeof connectionSchema>>;
export type Channel = "shell" | "iopub" | "stdin" | "control" | "hb";
export const CHANNELS: readonly Channel[] = ["shell", "iopub", "stdin", "control", "hb"];

/** Returns the ZeroMQ address of one channel. */
export function address(connection: Connection, channel: Channel): string {
  const separator = connection.transport === "tcp" ? ":" : "-";
  return `${connection.transport}://${connection.ip}${separator}${connection[`${channel}_port`]}`;
}

/** Returns the connection that `path` describes; refuses an unknown transport or signature scheme. */
export function readConnection(path: string): Connection {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new LabError({
      code: "CONNECTION_FILE",
      message: `Cannot read the connection file '${path}': ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "Jupyter passes its path as the first argument of the kernel",
      cause,
    });
  }
  const result = connectionSchema.safeParse(json);
  if (result.success) return result.data;
  throw new LabError({
    code: "CONNECTION_FILE",
    message: `Cannot use the connection file '${path}': ${z.prettifyError(result.error)}`,
  });
}

/** Writes a connection file that only its owner can read: the key in it is the right to run code. */
export function writeConnection(path: string, connection: Connection): void {
  writeFileSync(path, JSON.stringify(connection, null, 2), { mode: 0o600, flag: "wx" });
}

/** Returns a connection on five free loopback ports with a fresh key of 256 bits. */
export async function loopbackConnection(): Promise<Connection> {
  const servers = await Promise.all(CHANNELS.map(() => listen()));
  const [shell, iopub, stdin, control, hb] = servers.map((server) => server.port);
  await Promise.all(servers.map((server) => server.close()));
  return connectionSchema.parse({
    ip: "127.0.0.1",
    shell_port: shell,
    iopub_port: iopub,
    stdin_port: stdin,
    control_port: control,
    hb_port: hb,
    key: randomBytes(32).toString("hex"),
  });
}

function listen(): Promise<{ readonly port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      if (bound === null || typeof bound === "string") return reject(new Error("no port"));
      resolve({ port: bound.port, close: () => new Promise((done) => server.close(() => done())) });
    });
  });
}
