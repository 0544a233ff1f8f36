/** The connection file: where a kernel listens, and the key that signs what it hears and says. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { LabError } from "../../lib/errors.js";

export interface Connection {
  readonly transport: "tcp" | "ipc";
  readonly ip: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly key: string;
  readonly signature_scheme: "hmac-sha256";
}
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
  const fault = faultOf(json);
  if (fault === undefined) return { ...DEFAULTS, ...(json as Connection) };
  throw new LabError({
    code: "CONNECTION_FILE",
    message: `Cannot use the connection file '${path}': ${fault}`,
    hint: "Jupyter writes this file anew for each kernel",
  });
}

const DEFAULTS = { transport: "tcp", signature_scheme: "hmac-sha256" } as const;
const isString = (value: unknown) => typeof value === "string";
const isPort = (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535;
const PORT = [isPort, "a port from 1 to 65535"] as const;

/** A schema library would take longer to load than all else that stands between a kernel's start and its answer. */
const FIELDS: Readonly<Record<keyof Connection, readonly [(value: unknown) => boolean, string]>> = {
  transport: [(value) => value === "tcp" || value === "ipc", "'tcp' or 'ipc'"],
  ip: [(value) => isString(value) && value !== "", "an address"],
  shell_port: PORT,
  iopub_port: PORT,
  stdin_port: PORT,
  control_port: PORT,
  hb_port: PORT,
  key: [isString, "a text"],
  signature_scheme: [(value) => value === "hmac-sha256", "'hmac-sha256'"],
};

/** Returns what is wrong with a connection file, or undefined. */
function faultOf(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null)
    return `it holds ${JSON.stringify(json)}, expected an object`;
  const given: Readonly<Record<string, unknown>> = { ...DEFAULTS, ...json };
  const faults = Object.entries(FIELDS)
    .filter(([name, [isRight]]) => !isRight(given[name]))
    .map(([name, [, expected]]) => `${name} is ${JSON.stringify(given[name])}, expected ${expected}`);
  return faults.length === 0 ? undefined : faults.join("; ");
}

/** Writes a connection file that only its owner can read: the key in it is the right to run code. */
export function writeConnection(path: string, connection: Connection): void {
  writeFileSync(path, JSON.stringify(connection, null, 2), { mode: 0o600, flag: "wx" });
}

/** Returns a connection on five free loopback ports with a fresh key of 256 bits. */
export async function loopbackConnection(): Promise<Connection> {
  const servers = await Promise.all(CHANNELS.map(() => listen()));
  const ports = servers.map((server, i) => [`${CHANNELS[i]}_port`, server.port] as const);
  await Promise.all(servers.map((server) => server.close()));
  return {
    ...DEFAULTS,
    ip: "127.0.0.1",
    ...(Object.fromEntries(ports) as Pick<Connection, `${Channel}_port`>),
    key: randomBytes(32).toString("hex"),
  };
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
