/** Either side may end at any moment, without a word; the other side goes on. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { type KernelClient, startKernel } from "../../kernel/client.js";
import { address, writeConnection } from "../../kernel/protocol/connection.js";
import { historyFile } from "../../kernel/wire/history-file.js";
import { run, sharedKernel } from "./harness.js";
import { loadFactor } from "./load.js";
import { connectPeer, isReplyTo } from "./peer.js";
import { seeded } from "./seeded.js";

/** `npm run soak` kills more often. */
const KILLS = Number(process.env.SOAK_KILLS ?? 3);

const folder = mkdtempSync(join(tmpdir(), "npulab-ends-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("kill -9 of the kernel", () => {
  test(
    "at any moment is noticed; the next one starts clean, with the history of the cells that ran",
    async () => {
      const path = join(folder, "history.jsonl");
      const random = seeded(11);
      const answered: string[] = [];
      const sent: string[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const kernel = await startKernel({ env: { NPULAB_HISTORY: path } });
        expect((await run(kernel, "typeof left")).error?.ename).toBe("TypeScriptError");
        const death = pause(random() * 700).then(() => kernel.kill());
        await run(kernel, "const left = 1").catch(() => {});
        for (let cell = 0; ; cell++) {
          const code = cell % 5 === 4 ? "while (true) {}" : `'cell ${kill}.${cell} ${"x".repeat(50 * cell)}'`;
          sent.push(code);
          try {
            await kernel.execute(code);
            answered.push(code);
          } catch (error) {
            expect(String(error)).toMatch(/the kernel died \(signal SIGKILL\)/);
            break;
          }
        }
        await death;
        expect((await kernel.died).signal).toBe("SIGKILL");
      }
      const failed: string[] = [];
      const entries = historyFile({ path, failed: (reason) => failed.push(reason) }).read();
      const written = entries.map(([, , source]) => source);
      expect(failed).toEqual([]);
      expect(new Set(entries.map(([session]) => session)).size).toBe(KILLS);
      expect(answered.filter((code) => !written.includes(code))).toEqual([]);
      const known = new Set([...sent, "typeof left", "const left = 1"]);
      expect(written.filter((code) => !known.has(code))).toEqual([]);
    },
    30_000 + KILLS * 5000,
  );
});

/** A front end in a process of its own that never rests: cells, questions, floods, completions. */
function restlessClient(connectionFile: string) {
  const module = (path: string) =>
    JSON.stringify(pathToFileURL(resolve(import.meta.dirname, "../..", path)).href);
  const program = `
import { readFileSync } from "node:fs";
import { Dealer, Subscriber } from ${module("node_modules/zeromq/lib/index.js")};
import { address } from ${module("dist/kernel/protocol/connection.js")};
import { newHeader, pack } from ${module("dist/kernel/protocol/message.js")};
const connection = JSON.parse(readFileSync(${JSON.stringify(connectionFile)}, "utf8"));
const session = "restless-" + process.pid;
const dealer = (channel) => {
  const socket = new Dealer({ routingId: session, linger: 0 });
  socket.connect(address(connection, channel));
  (async () => { for await (const _ of socket); })().catch(() => {});
  return socket;
};
const shell = dealer("shell");
dealer("stdin");
const iopub = new Subscriber({ linger: 0 });
iopub.connect(address(connection, "iopub"));
iopub.subscribe();
(async () => { for await (const _ of iopub); })().catch(() => {});
const say = (type, content) => shell.send(pack({ identities: [], header: newHeader({ type, session }), parent: {}, metadata: {}, content }, connection.key));
console.log("ready");
for (let turn = 0; ; turn++) {
  await say("complete_request", { code: "[].f", cursor_pos: 4 });
  await say("execute_request", { code: "for (let i = 0; i < 20000; i++) console.log('restless', i)", silent: false });
  await say("execute_request", { code: "prompt('anybody there?')", allow_stdin: true });
  await new Promise((r) => setTimeout(r, 20));
}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("kill -9 of a front end", () => {
  const shared = sharedKernel();

  test(
    "at any moment leaves the kernel to the others: interrupts free it of what the dead one asked for",
    async () => {
      const file = join(folder, "connection.json");
      writeConnection(file, shared.kernel.connection);
      await shared.run("let kept = 41");
      const random = seeded(12);
      for (let kill = 0; kill < KILLS; kill++) {
        const client = restlessClient(file);
        await new Promise((ready) => client.stdout.once("data", ready));
        await pause(random() * 600);
        client.kill("SIGKILL");
        await new Promise((gone) => client.once("exit", gone));
        const peer = await connectPeer(shared.kernel.connection);
        try {
          // Its cells wait in the queue; each question they ask has lost its asker.
          const wanted = await peer.send("shell", "execute_request", { code: "kept + 1" });
          for (let tries = 0; tries < 100; tries++) {
            if (peer.heard.some(isReplyTo(wanted))) break;
            await shared.kernel.interrupt();
            await pause(50);
          }
          const again = await peer.send("shell", "execute_request", {
            code: "kept",
            user_expressions: { kept: "kept + 1" },
          });
          const { content } = await peer.until(isReplyTo(again));
          expect(content).toMatchObject({
            status: "ok",
            user_expressions: { kept: { data: { "text/plain": "42" } } },
          });
        } finally {
          peer.close();
        }
      }
    },
    60_000 + KILLS * 10_000,
  );
});

describe("a question of a cell whose front end has gone", () => {
  const shared = sharedKernel();

  test("is an error of the cell, not a wait for an answer", async () => {
    const peer = await connectPeer(shared.kernel.connection);
    const watcher = await connectPeer(shared.kernel.connection);
    const asked = await peer.send("shell", "execute_request", {
      code: "await new Promise((r) => setTimeout(r, 600)); prompt('anybody there?')",
      allow_stdin: true,
    });
    await pause(200);
    peer.close();
    const error = await watcher.until(
      ({ header, parent }) => header.msg_type === "error" && parent.msg_id === asked,
    );
    expect(error.content.evalue).toMatch(/Cannot ask for input: the front end that ran this cell has gone/);
    watcher.close();
  });
});

describe("a front end that is connected and takes nothing", () => {
  const shared = sharedKernel();

  test("holds a cell up for ten seconds, then misses its output; the others get all of it", async () => {
    await shared.run("let kept = 41");
    const stalled = new Subscriber({ linger: 0, receiveHighWaterMark: 1 });
    const peer = await connectPeer(shared.kernel.connection);
    try {
      stalled.connect(address(shared.kernel.connection, "iopub"));
      stalled.subscribe();
      await pause(300);
      const started = performance.now();
      const flood = shared.run("for (let i = 0; i < 100_000; i++) console.log('z'.repeat(500)); 'end'");
      await pause(2000);
      const asked = performance.now();
      // The reply itself: the busy and idle around it stand in line behind the cell's output.
      await peer.until(isReplyTo(await peer.send("control", "kernel_info_request")));
      expect(performance.now() - asked).toBeLessThan(500 * loadFactor());
      const { result, stdout } = await flood;
      expect([result, stdout.split("\n").length]).toEqual(["'end'", 100_001]);
      console.info(`the cell took ${((performance.now() - started) / 1000).toFixed(1)} s`);
      expect((await shared.run("kept")).result).toBe("41");
    } finally {
      peer.close();
      stalled.close();
    }
  }, 90_000);
});

describe.runIf(process.platform === "linux")("a full disk", () => {
  test("costs the history of later sessions, not a cell", async () => {
    let kernel: KernelClient | undefined;
    try {
      kernel = await startKernel({ env: { NPULAB_HISTORY: "/dev/full" } });
      for (let cell = 0; cell < 5; cell++)
        expect((await run(kernel, `${cell} * 2`)).result).toBe(String(cell * 2));
      const { content } = await kernel.request("shell", "history_request", {
        hist_access_type: "tail",
        n: 2,
      });
      expect(content.history).toEqual([
        [1, 4, "3 * 2"],
        [1, 5, "4 * 2"],
      ]);
      kernel.kill();
      expect((await kernel.died).lastWords).toMatch(/Cannot write the history file '\/dev\/full'.*ENOSPC/);
    } finally {
      kernel?.kill();
    }
  }, 60_000);
});
