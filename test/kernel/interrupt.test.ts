import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { startKernel } from "../../kernel/client.js";
import { run as runOn, sharedKernel } from "./harness.js";

const shared = sharedKernel();
const { run } = shared;

beforeAll(async () => {
  await run("let kept = 41");
}, 60_000);

async function stopAfter(code: string, stop: () => unknown) {
  const running = run(code);
  await pause(400);
  const started = performance.now();
  await stop();
  const { error } = await running;
  return { error, ms: performance.now() - started };
}

describe("interrupt", () => {
  test.each([
    ["a loop", "while (true) {}"],
    ["a promise that never settles", "await new Promise(() => {})"],
    ["a loop behind an await", "await new Promise((r) => setTimeout(r, 50)); while (true) {}"],
    [
      "a loop in a microtask",
      "Promise.resolve().then(() => { while (true) {} }); await new Promise(() => {})",
    ],
    [
      "an endless for await",
      "for await (const x of (async function* () { for (let i = 0; ; i++) yield i })()) {}",
    ],
    ["a regular expression", "/(a+)+$/.test('a'.repeat(40) + 'b')"],
    ["a sleeping thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000)"],
  ])("stops %s and keeps the variables", async (_name, code) => {
    const { error, ms } = await stopAfter(code, () => shared.kernel.interrupt());
    expect(error?.ename).toBe("Interrupted");
    expect(ms).toBeLessThan(1500);
    expect((await run("kept + 1")).result).toBe("42");
  });

  test.each([
    ["a timer", "setTimeout(() => { while (true) {} }, 20); 1"],
    ["setImmediate", "setImmediate(() => { while (true) {} }); 1"],
  ])("frees the kernel from a loop that a finished cell left in %s", async (_name, code) => {
    expect((await run(code)).status).toBe("ok");
    await pause(100);
    await shared.kernel.interrupt();
    expect((await run("kept + 1")).result).toBe("42");
  });

  test("does nothing to an idle kernel", async () => {
    await shared.kernel.interrupt();
    expect((await run("kept")).result).toBe("41");
  });

  test("SIGINT stops a loop and a waiting cell as well", async () => {
    for (const code of ["while (true) {}", "await new Promise(() => {})"]) {
      const { error } = await stopAfter(code, () => process.kill(shared.kernel.pid, "SIGINT"));
      expect(error?.ename).toBe("Interrupted");
    }
    expect((await run("kept")).result).toBe("41");
  });
});

describe("the end of a kernel", () => {
  test("process.exit is reported, with what was printed before and its status", async () => {
    const kernel = await startKernel();
    const { stdout, error } = await runOn(kernel, "console.log('bye'); process.exit(3)");
    expect([stdout, error?.evalue]).toEqual(["bye\n", "process.exit(3) ended the kernel"]);
    expect(await kernel.died).toEqual({ code: 3, signal: null, lastWords: "" });
    await expect(kernel.execute("1")).rejects.toThrow(/the kernel died \(exit status 3\)/);
  });
});
