/**
 * An interrupt may come at any moment of a cell: while its request is on its way, while it is compiled, while
 * it waits, while it runs away. Every one of them ends the cell, and the next cell finds the variables.
 */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedKernel } from "./harness.js";
import { loadFactor } from "./load.js";
import { seeded } from "./seeded.js";

/** `npm run soak` tries more moments. */
const MOMENTS = Number(process.env.SOAK_MOMENTS ?? 6);
const LATEST_MS = 300;
/** From the interrupt, or from the start of the cell where that is later, on an idle machine. */
const LIMIT_MS = 500;

const shared = sharedKernel();
const { run } = shared;
beforeAll(async () => {
  await run("let kept = 41");
}, 60_000);

/** Whether `promise` settles in time. */
async function within(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), pause(limitMs, false)]);
}

/** Sends a cell and, `delay` ms later, an interrupt; returns how it ended and how long after the later of both. */
async function interruptAfter(code: string, delay: number) {
  let started = 0;
  const running = run(code, {
    onOutput: ({ header }) => {
      if (header.msg_type === "execute_input") started = performance.now();
    },
  });
  if (delay > 0) await pause(delay);
  const interrupted = performance.now();
  const answered = shared.kernel.interrupt();
  const ended = await within(20_000, running);
  const ms = performance.now() - Math.max(started, interrupted);
  await answered;
  return { ended, ms, error: ended ? (await running).error : undefined };
}

const RUNAWAYS: readonly (readonly [string, string])[] = [
  ["a loop", "while (true) {}"],
  ["a promise that never settles", "await new Promise(() => {})"],
  ["a loop behind an await", "await new Promise((r) => setTimeout(r, 50)); while (true) {}"],
  ["a microtask", "Promise.resolve().then(() => { while (true) {} }); await new Promise(() => {})"],
  ["for await", "for await (const x of (async function* () { for (let i = 0; ; i++) yield i })()) {}"],
  [
    "a loop that allocates",
    "{ const big: number[] = []; for (;;) { big.push(Math.random()); if (big.length > 1e6) big.length = 0; } }",
  ],
  ["a regular expression", "/(a+)+$/.test('a'.repeat(40) + 'b')"],
  ["execSync", "import cp from 'node:child_process'; cp.execSync('sleep 30')"],
  ["a sleeping thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000)"],
  ["a loop of awaits", "for (;;) await new Promise((r) => setTimeout(r, 1))"],
  [
    "a loop in a function behind an await",
    "const later = async () => { await new Promise((r) => setTimeout(r, 40)); while (true) {} }; await later()",
  ],
];
const LEFT_BEHIND: readonly (readonly [string, string])[] = [
  ["a timer", "setTimeout(() => { while (true) {} }, 20); 1"],
  ["setImmediate", "setImmediate(() => { while (true) {} }); 1"],
  ["a microtask", "Promise.resolve().then(() => { while (true) {} }); 1"],
];

describe("an interrupt at any moment", () => {
  test.each(RUNAWAYS)(
    "ends %s",
    async (_name, code) => {
      const random = seeded(code.length);
      const took: number[] = [];
      for (let moment = 0; moment < MOMENTS; moment++) {
        const delay = moment === 0 ? 0 : random() * LATEST_MS;
        const before = loadFactor();
        const { ended, ms, error } = await interruptAfter(code, delay);
        const at = `interrupted after ${delay.toFixed(1)} ms`;
        expect(ended, at).toBe(true);
        expect(error?.ename, at).toBe("Interrupted");
        expect(ms / Math.max(before, loadFactor()), at).toBeLessThan(LIMIT_MS);
        took.push(ms);
        expect((await run("kept + 1")).result, at).toBe("42");
      }
      console.info(`${_name}: ${took.map((ms) => ms.toFixed()).join(", ")} ms`);
    },
    30_000 + MOMENTS * 2000,
  );

  test.each(LEFT_BEHIND)(
    "frees the kernel from a loop that a finished cell left in %s, also from one that starts afterwards",
    async (_name, code) => {
      const random = seeded(code.length);
      for (let moment = 0; moment < MOMENTS; moment++) {
        const delay = random() * LATEST_MS;
        await interruptAfter(code, delay);
        const next = run("kept + 1");
        const at = `interrupted after ${delay.toFixed(1)} ms`;
        expect((await next).result, at).toBe("42");
      }
    },
    30_000 + MOMENTS * 2000,
  );
});

/** Interrupts a cell once it has printed "going"; returns its error. */
async function interruptWhenGoing(code: string) {
  let going = () => {};
  const started = new Promise<void>((resolve) => {
    going = resolve;
  });
  const running = run(code, {
    onOutput: ({ content }) => {
      if (String(content.text ?? "").includes("going")) going();
    },
  });
  await started;
  await shared.kernel.interrupt();
  return (await running).error?.ename;
}

describe("a cell that was interrupted while it waited", () => {
  const sleep = "const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))";

  test("does not run on: what it awaited comes, its finally runs, the rest does not", async () => {
    await run(`${sleep}; let reached = ''`);
    const code =
      "try { console.log('going'); await sleep(400); reached += 'a' } finally { reached += 'f' } reached += 'b'";
    expect(await interruptWhenGoing(code)).toBe("Interrupted");
    expect((await run("await sleep(900); reached")).result).toBe("'f'");
  });

  test("neither does its for await", async () => {
    await run("let turns = 0; async function* ticks() { for (;;) { await sleep(5); yield turns; } }");
    const code = "for await (const tick of ticks()) if (++turns === 3) console.log('going');";
    expect(await interruptWhenGoing(code)).toBe("Interrupted");
    const after = Number((await run("turns")).result);
    expect((await run("await sleep(100); turns")).result).toBe(String(after));
  });

  test("a function of it that runs on into a loop is cut, and the next cell says so", async () => {
    await run("const hold = async (ms: number) => { await sleep(ms); while (true) {} }");
    expect(await interruptWhenGoing("console.log('going'); await hold(400)")).toBe("Interrupted");
    await pause(700);
    const started = performance.now();
    const { result, stderr } = await run("kept");
    expect([result, stderr]).toEqual([
      "41",
      "Code of a stopped cell ran on and held the kernel; it was cut.\n",
    ]);
    expect(performance.now() - started).toBeLessThan(1500 * loadFactor());
  });
});

describe("a cell that was interrupted before it ran", () => {
  test("leaves changed files to the next cell", async () => {
    const long = Array.from({ length: 300 }, (_, index) => `const v${index} = [${index}].map((n) => n + 1);`);
    shared.project.write("notebooks/changing.ts", "export const edition = 1;\n");
    expect((await run("import { edition } from './changing.ts'; edition")).result).toBe("1");
    for (const edition of [2, 3, 4]) {
      shared.project.write("notebooks/changing.ts", `export const edition = ${edition};\n`);
      const again = run(`import { edition } from './changing.ts'; ${long.join("\n")} edition`);
      await pause(10 * edition);
      await shared.kernel.interrupt();
      await again;
      expect((await run("import { edition } from './changing.ts'; edition")).result).toBe(String(edition));
    }
  });

  test("a cell that is sent after an interrupt runs", async () => {
    for (let round = 0; round < 10; round++) {
      await shared.kernel.interrupt();
      expect((await run("kept")).result).toBe("41");
    }
  });
});
