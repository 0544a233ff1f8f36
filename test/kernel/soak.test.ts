import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { Subscriber } from "zeromq";
import { startKernel } from "../../kernel/client.js";
import { address } from "../../kernel/protocol/connection.js";
import { parse } from "../../kernel/protocol/message.js";
import { run } from "./harness.js";
import { seeded } from "./seeded.js";

/** `npm run soak` runs 2,000 cells and prints a million lines. */
const CELLS = Number(process.env.SOAK_CELLS ?? 40);
const LINES = Number(process.env.SOAK_LINES ?? 100_000);

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) / 1024;
}

/**
 * Above the kernel's memory before. A million lines took 48 MB, to a fast front end as to a slow one, and
 * nothing more after the first 400,000; a closure kept per line takes 300 MB.
 */
const MORE_MEGABYTES = 100;

describe.runIf(process.platform === "linux")("a front end", () => {
  test.each([
    ["fast", 0],
    ["slow", 3],
  ])(
    `that is %s: ${LINES.toLocaleString("en-US")} lines all arrive, in order, and the kernel's memory stays flat`,
    async (name, restMs) => {
      const kernel = await startKernel();
      const reader = new Subscriber({ linger: 0, receiveHighWaterMark: restMs === 0 ? 0 : 8 });
      try {
        reader.connect(address(kernel.connection, "iopub"));
        reader.subscribe("stream");
        await kernel.execute("1");
        await pause(300);
        const before = residentMegabytes(kernel.pid);
        // The client would keep every message: the cell is watched by this reader alone.
        const done = kernel.execute(
          `for (let i = 0; i < ${LINES}; i++) console.log('line ' + i + ' ${"y".repeat(60)}')`,
          { keepOutputs: false },
        );
        let next = 0;
        let rest = "";
        let most = before;
        for await (const frames of reader) {
          const parsed = parse(frames, kernel.connection.key);
          if (!("message" in parsed)) throw new Error("a message that is none");
          const lines = (rest + String(parsed.message.content.text)).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines)
            if (!line.startsWith(`line ${next++} `))
              throw new Error(`line ${next - 1} is '${line.slice(0, 20)}'`);
          most = Math.max(most, residentMegabytes(kernel.pid));
          if (restMs > 0) await pause(restMs);
          if (next === LINES) break;
        }
        expect((await done).reply.status).toBe("ok");
        expect(next).toBe(LINES);
        console.info(
          `${name} front end: ${before.toFixed()} MB before, at most ${most.toFixed()} MB while ${LINES} lines came`,
        );
        expect(most - before).toBeLessThan(MORE_MEGABYTES);
      } finally {
        reader.close();
        kernel.kill();
        await kernel.died;
      }
    },
    300_000,
  );
});

describe("a long day", () => {
  test(`${CELLS} cells of all kinds, with interrupts in between, keep their state`, async () => {
    const kernel = await startKernel();
    const random = seeded(7);
    try {
      await run(kernel, "let total = 0");
      let expected = 0;
      let start = 0;
      for (let cell = 0; cell < CELLS; cell++) {
        if (cell === Math.min(100, CELLS >> 1) && process.platform === "linux")
          start = residentMegabytes(kernel.pid);
        const dice = random();
        if (dice < 0.6) {
          expected += cell;
          expect((await run(kernel, `total += ${cell}; total`)).result).toBe(String(expected));
        } else if (dice < 0.7) {
          expect(
            (await run(kernel, `const name${cell % 20} = { cell: ${cell} }; name${cell % 20}.cell`)).result,
          ).toBe(String(cell));
        } else if (dice < 0.8) {
          const { stdout } = await run(kernel, "for (let i = 0; i < 2000; i++) console.log(i)");
          expect(stdout.length).toBe(8890);
        } else if (dice < 0.9) {
          expect((await run(kernel, "throw new Error('planned')")).error?.evalue).toBe("planned");
        } else if (dice < 0.96) {
          expect((await run(kernel, "const wrong: string = 5")).error?.ename).toBe("TypeScriptError");
        } else {
          const running = run(kernel, dice < 0.98 ? "while (true) {}" : "await new Promise(() => {})");
          await pause(Math.floor(200 * random()));
          await kernel.interrupt();
          expect((await running).error?.ename).toBe("Interrupted");
        }
      }
      if (process.platform === "linux" && CELLS >= 500) {
        const growth = ((residentMegabytes(kernel.pid) - start) * 1024) / (CELLS - 100);
        console.info(`memory grew by ${growth.toFixed(1)} kB per cell`);
      }
    } finally {
      kernel.kill();
      await kernel.died;
    }
  }, 3_600_000);
});

describe.runIf(process.platform === "linux")("kill -9 of the front end", () => {
  test("its kernel ends soon after, whatever its cell does", async () => {
    const client = pathToFileURL(join(resolve(import.meta.dirname, "../../dist"), "kernel/client.js")).href;
    const program = `import { startKernel } from ${JSON.stringify(client)};
const kernel = await startKernel();
kernel.execute("while (true) {}").catch(() => {});
console.log(kernel.pid);`;
    const parent: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(await new Promise((resolve) => parent.stdout?.once("data", resolve)));
    expect(pid).toBeGreaterThan(1);
    await pause(300);
    parent.kill("SIGKILL");
    const alive = () => {
      try {
        // A zombie has ended; whoever adopted it has not looked yet.
        return !/State:\s+[ZX]/.test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    };
    for (let tries = 0; tries < 100 && alive(); tries++) await pause(100);
    expect(alive()).toBe(false);
  }, 60_000);
});
