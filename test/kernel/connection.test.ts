import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loopbackConnection, readConnection, writeConnection } from "../../kernel/protocol/connection.js";

const folder = mkdtempSync(join(tmpdir(), "npulab-connection-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PORTS = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 65535 };

function read(json: unknown) {
  const file = join(folder, "connection.json");
  writeFileSync(file, JSON.stringify(json));
  return readConnection(file);
}

test("readConnection() gives what writeConnection() wrote", async () => {
  const connection = await loopbackConnection();
  const file = join(folder, "loopback.json");
  writeConnection(file, connection);
  expect(readConnection(file)).toEqual(connection);
});

test("readConnection() fills in transport and signature scheme", () => {
  expect(read({ ip: "127.0.0.1", key: "", ...PORTS })).toMatchObject({
    transport: "tcp",
    signature_scheme: "hmac-sha256",
    hb_port: 65535,
  });
});

test("readConnection() names every field that is wrong", () => {
  const right = { ip: "127.0.0.1", key: "k", ...PORTS };
  expect(() => read({ ...right, hb_port: 65536, key: 7 })).toThrow(
    /hb_port is 65536, expected a port from 1 to 65535; key is 7, expected a text$/,
  );
  expect(() => read({ ...right, ip: "" })).toThrow(/ip is "", expected an address$/);
  expect(() => read({ ...right, transport: "udp" })).toThrow(/transport is "udp", expected 'tcp' or 'ipc'$/);
  expect(() => read({ ...right, signature_scheme: "hmac-md5" })).toThrow(/signature_scheme is "hmac-md5"/);
  expect(() => read({ ip: "127.0.0.1", key: "" })).toThrow(/shell_port is undefined/);
  expect(() => read(null)).toThrow(/it holds null, expected an object$/);
});
