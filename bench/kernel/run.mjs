/**
 * `npm run bench:kernel -- --rig FOLDER [--rounds 5] [--cells 2000] [--only npulab]`: how long people
 * wait for a kernel, beside other kernels in the same rounds; `kernels.mjs` says what FOLDER holds. Prints a table and writes
 * result.json (with `--only`, the table alone).
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { start } from "./client.mjs";
import { kernels } from "./kernels.mjs";

const { values: options } = parseArgs({
  options: {
    rig: { type: "string", default: "rig" },
    rounds: { type: "string", default: "5" },
    cells: { type: "string", default: "2000" },
    only: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const soakCells = Number(options.cells);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const worst = (values) => Math.max(...values);

/** A person's pause between the kernel's being ready and the first cell. */
const LOOK_MS = 1000;

/** The first cell of a kernel that somebody has looked at for a second; a round has that of one in a hurry. */
async function firstAfterPause({ command, cwd, env }) {
  const kernel = await start({ command, cwd, env });
  try {
    await pause(LOOK_MS);
    return await kernel.run("1+1");
  } finally {
    await kernel.stop();
  }
}

async function many(count, run) {
  const times = [];
  for (let i = 0; i < count; i++) times.push(await run(i));
  return times;
}

/**
 * What a kernel does after it has started, in the order in which somebody would do it. What has been found is in
 * `found`, also when the kernel fails on the way.
 */
async function round({ command, cwd, env, cells }, found) {
  const firstCellAfterPauseMs = await firstAfterPause({ command, cwd, env });
  const kernel = await start({ command, cwd, env });
  try {
    found.startMs = kernel.startMs;
    found.firstCellMs = await kernel.run("1+1");
    found.firstCellAfterPauseMs = firstCellAfterPauseMs;
    await many(10, (i) => kernel.run(`${i}+1`));
    found.trivialMs = median(await many(50, (i) => kernel.run(`${i}+2`)));
    found.residentMb = kernel.residentMb();
    await kernel.run("1+1");
    found.sameAgainMs = median(await many(30, () => kernel.run("1+1")));
    const complete = async () =>
      (
        await kernel.ask("shell", "complete_request", {
          code: cells.complete,
          cursor_pos: cells.complete.length,
        })
      ).ms;
    found.completeMs = median(await many(10, complete));

    const loop = kernel.run(cells.loop(2000));
    await pause(300);
    const control = await many(20, async () => (await kernel.ask("control", "kernel_info_request")).ms);
    found.controlBusyMs = median(control);
    found.controlBusyWorstMs = worst(control);
    found.completeBusyMs = await complete();
    await loop;

    for (const code of cells.imports) await kernel.run(code);
    await many(500, (i) => kernel.run(i % 2 === 0 ? cells.declare(i % 100) : `${i}+1`));
    found.after500Ms = median(await many(50, (i) => kernel.run(`${i}+3`)));
    await kernel.run("1+1");
    found.sameAgainAfter500Ms = median(await many(30, () => kernel.run("1+1")));
    found.residentAfter500Mb = kernel.residentMb();
  } finally {
    await kernel.stop();
  }
}

/** Memory before the first cell and its growth from the first quarter of a long day to its end. */
async function soak({ command, cwd, env, cells }) {
  const kernel = await start({ command, cwd, env });
  try {
    await pause(3000);
    const idleMb = kernel.residentMb();
    const warm = Math.round(soakCells / 4);
    const cell = (i) => kernel.run(i % 2 === 0 ? cells.declare(i % 100) : `${i}+1`);
    await many(warm, cell);
    await pause(1000);
    const warmMb = kernel.residentMb();
    await many(soakCells, cell);
    await pause(1000);
    const endMb = kernel.residentMb();
    return { idleMb, warmMb, endMb, growthKbPerCell: ((endMb - warmMb) * 1000) / soakCells };
  } finally {
    await kernel.stop();
  }
}

const entrants = kernels(options.rig).filter(({ name }) => (options.only ?? name) === name);
const results = new Map(entrants.map(({ name }) => [name, { rounds: [], failures: [] }]));
/** A kernel that fails is reported and does not end the others' run. */
async function attempt({ name }, what) {
  const into = results.get(name);
  try {
    await what(into);
  } catch (error) {
    into.failures.push(error.message);
    process.stderr.write(`${name}: ${error.message}\n`);
  }
}
for (const { prepare } of entrants) prepare?.();
for (let i = 0; i < rounds; i++) {
  for (const entrant of entrants)
    await attempt(entrant, async (into) => {
      const found = {};
      into.rounds.push(found);
      await round(entrant, found);
    });
  process.stderr.write(`round ${i + 1} of ${rounds}\n`);
}
if (soakCells > 0) {
  for (const entrant of entrants)
    await attempt(entrant, async (into) => {
      into.memory = await soak(entrant);
    });
}

const kernelsOut = entrants.map(({ name, typeChecks }) => {
  const { rounds: measured, memory, failures } = results.get(name);
  const keys = [...new Set(measured.flatMap(Object.keys))];
  const of = (key) => measured.map((each) => each[key]).filter((value) => value !== undefined);
  const medians = Object.fromEntries(keys.map((key) => [key, median(of(key))]));
  const best = Object.fromEntries(keys.map((key) => [key, Math.min(...of(key))]));
  return { name, typeChecks, median: medians, best, memory, failures, rounds: measured };
});
const rounded = (_key, value) => (typeof value === "number" ? Math.round(value * 100) / 100 : value);
for (const { name, median: medians, best, memory, failures } of kernelsOut) {
  console.log(name);
  for (const failure of failures) console.log(`  failed: ${failure}`);
  for (const [key, value] of Object.entries({ ...medians, ...memory }))
    console.log(
      `  ${key.padEnd(22)} ${value.toFixed(1).padStart(8)}  ${best[key] === undefined ? "" : `best ${best[key].toFixed(1)}`}`,
    );
}
if (options.only === undefined) {
  const result = {
    tool: "npulab",
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: process.version,
      load: loadavg()[0],
    },
    soakCells,
    kernels: kernelsOut,
  };
  writeFileSync(new URL("result.json", import.meta.url), `${JSON.stringify(result, rounded, 2)}\n`);
}
