import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onnx } from "onnx-proto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KernelClient, startKernel } from "../../kernel/client.js";
import { kernelCommand } from "../../kernel/kernelspec.js";
import { run as runOn, sharedKernel } from "./harness.js";

const shared = sharedKernel();
const { run, project } = shared;
const distribution = resolve(import.meta.dirname, "../../dist");

beforeAll(async () => {
  await run("let kept = 41");
}, 60_000);

/** Interrupts a cell once it has printed "going"; returns its error and how long the stop took. */
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
  await pause(300);
  const before = performance.now();
  await shared.kernel.interrupt();
  const { error } = await running;
  return { error, ms: performance.now() - before };
}

describe("interrupt", () => {
  test.each([
    ["execSync", "import cp from 'node:child_process'; console.log('going'); cp.execSync('sleep 30')"],
    [
      "execSync of a child that ignores SIGINT",
      "import cp from 'node:child_process'; console.log('going'); cp.execSync('trap \"\" INT; sleep 29; true')",
    ],
    [
      "a thread in a loop",
      "import { Worker } from 'node:worker_threads'; const w = new Worker('while (true) {}', { eval: true }); w.once('online', () => console.log('going')); await new Promise(() => {})",
    ],
    [
      "a process that is awaited",
      "import cp from 'node:child_process'; const p = cp.spawn('sleep', ['28']); console.log('going'); await new Promise((r) => p.on('exit', r))",
    ],
  ])("ends a cell with %s, and what it started", async (_name, code) => {
    const { error, ms } = await interruptWhenGoing(code);
    expect(error?.ename).toBe("Interrupted");
    expect(ms).toBeLessThan(1500);
    expect((await run("kept + 1")).result).toBe("42");
    const left = await run(
      "(await import('node:child_process')).spawnSync('ps', ['-o', 'args=', '--ppid', String(process.pid)]).stdout.toString()",
    );
    expect(left.result).not.toMatch(/sleep/);
  });

  test("leaves a detached process alone", async () => {
    await run(
      "import cp2 from 'node:child_process'; const server = cp2.spawn('sleep', ['27'], { detached: true, stdio: 'ignore' })",
    );
    await interruptWhenGoing("console.log('going'); await new Promise(() => {})");
    expect((await run("[server.exitCode, server.signalCode, server.kill()]")).result).toBe(
      "[ null, null, true ]",
    );
  });

  test("SIGINT stops a loop behind an await", async () => {
    const running = run("await new Promise((r) => setTimeout(r, 20)); while (true) {}");
    await pause(500);
    process.kill(shared.kernel.pid, "SIGINT");
    expect((await running).error?.ename).toBe("Interrupted");
    expect((await run("kept")).result).toBe("41");
  });

  test("abandons a long inference; the session runs again", async () => {
    const names = ["x", ...Array.from({ length: 80 }, (_, index) => `y${index}`)];
    const value = (name: string) => ({
      name,
      type: {
        tensorType: { elemType: 1, shape: { dim: [{ dimParam: "n" }, { dimParam: "n" }] } },
      },
    });
    const model = onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 13 }],
      graph: {
        name: "long",
        node: names.slice(1).map((name, index) => ({
          opType: "MatMul",
          input: [names[index] as string, "x"],
          output: [name],
        })),
        input: [value("x")],
        output: [value(names.at(-1) as string)],
      },
    });
    const path = join(project.notebooks, "long.onnx");
    writeFileSync(path, onnx.ModelProto.encode(model).finish());
    const opened = await run(`
import { openSession } from ${JSON.stringify(join(distribution, "lib/run/onnxruntime.js"))};
const session = await openSession(${JSON.stringify(path)});
const square = (n: number) => new Map([["x", { dtype: "float32" as const, shape: [n, n], data: new Uint8Array(4 * n * n) }]]);
[...(await session.run(square(2))).values()][0].shape`);
    expect([opened.result, opened.error?.evalue]).toEqual(["[ 2, 2 ]", undefined]);
    const { error, ms } = await interruptWhenGoing("console.log('going'); await session.run(square(2048))");
    expect(error?.ename).toBe("Interrupted");
    expect(ms).toBeLessThan(1500);
    expect((await run("[...(await session.run(square(2))).values()][0].shape")).result).toBe("[ 2, 2 ]");
  }, 60_000);
});

describe("output", () => {
  test("a print of 200 MB is cut with a notice between its beginning and its end", async () => {
    const { stdout, status } = await run("console.log('a' + 'x'.repeat(200_000_000) + 'z')");
    expect(status).toBe("ok");
    expect(stdout.length).toBeLessThan(9_000_000);
    expect(stdout).toMatch(/^ax+\n\[191,611,395 of 200,000,003 characters cut: .*\]\nx+z\n$/);
  });

  test("a display that is too large says so", async () => {
    const { contents, status } = await run(
      "import { display as show } from 'tslab'; show.html('x'.repeat(70_000_000))",
    );
    expect(status).toBe("ok");
    expect(contents[1]?.data).toEqual({
      "text/plain": expect.stringMatching(/^\[an output of 70,000,0\d\d characters is left out/),
    });
  });

  test("a display of what is no JSON fails in the cell", async () => {
    const ran = await run("import { display as d2 } from 'tslab'; d2.raw('application/json', { n: 1n })");
    expect(ran.error).toMatchObject({ ename: "TypeError", evalue: expect.stringContaining("BigInt") });
  });

  test("a rejection nobody catches is shown in the cell it comes from, later cells or not", async () => {
    const late: string[] = [];
    await run("setTimeout(() => Promise.reject(new Error('from the first')), 250); 1", {
      onOutput: ({ content }) => late.push(String(content.text ?? "")),
    });
    const second = await run("await new Promise((r) => setTimeout(r, 600)); 2");
    expect([second.result, second.stderr]).toEqual(["2", ""]);
    expect(late.join("")).toMatch(/Unhandled rejection: .*from the first/s);
  });
});

describe("memory", () => {
  let small: KernelClient;
  beforeAll(async () => {
    const command = (file: string) => {
      const [node = "", ...rest] = kernelCommand(file);
      return [node, "--max-old-space-size=700", ...rest];
    };
    small = await startKernel({ cwd: dirname(project.notebooks), command });
  }, 60_000);
  afterAll(() => small?.kill());

  test.each([
    ["a text that outgrows V8", "let long = 'x'; for (;;) long += long", "Invalid string length"],
    ["more buffers than there is memory", "new ArrayBuffer(2 ** 40)", "Array buffer allocation failed"],
  ])("%s is an error of the cell, and its state stays", async (_name, code, message) => {
    expect((await run(code)).error).toMatchObject({ ename: "RangeError", evalue: message });
    expect((await run("kept + 1")).result).toBe("42");
  });

  test("a cell that fills the memory is stopped and says why; what it kept is let go", async () => {
    await runOn(small, "let kept = 1");
    const fill = "{ const all: object[] = []; while (true) { all.push({ at: all.length, text: ['x'] }); } }";
    const { error } = await runOn(small, fill);
    expect(error).toMatchObject({
      ename: "OutOfMemory",
      evalue: expect.stringMatching(/filled .* and was stopped$/),
    });
    expect((await runOn(small, "kept")).result).toBe("1");
  }, 60_000);

  test("when variables keep it full, the kernel says so and ends", async () => {
    const { error } = await runOn(
      small,
      "const held: object[] = []; while (true) { held.push({ at: held.length, text: ['x'] }); }",
    );
    expect(error?.ename).toBe("OutOfMemory");
    const { signal } = await small.died;
    expect(signal).toBe("SIGKILL");
  }, 60_000);
});
