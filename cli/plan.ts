import { readFileSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { LabError } from "../lib/errors.js";
import type { ArenaPlan } from "../lib/memory/arena.js";
import type { LowerBound } from "../lib/memory/lower-bound.js";
import { takes } from "../lib/memory/problem.js";
import { type Bytes, bytes } from "../lib/units.js";

/** What a script can act on. */
const EXIT = { placed: 0, impossible: 1, trouble: 2, undecided: 3 } as const;

interface PlanOptions {
  readonly capacity: Bytes;
  readonly out?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

function parseCapacity(text: string): Bytes {
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new InvalidArgumentError("Expected a number of bytes.");
  return bytes(Number(text));
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds < 1e6))
    throw new InvalidArgumentError("Expected a number of seconds above 0.");
  return seconds;
}

export function planCommand(): Command {
  return (
    new Command("plan")
      .description(
        "find offsets for buffers that live for a while, below a capacity, or prove that there are none",
      )
      .argument(
        "<problem>",
        "a CSV file with the columns id,lower,upper,size (and alignment), as MiniMalloc reads it",
      )
      .requiredOption("--capacity <bytes>", "size of the arena", parseCapacity)
      .option("--out <file>", "write the problem with a column offset")
      .option("--timeout <seconds>", "give up the search after so long", parseSeconds, 60)
      .option("--json", "print one JSON object")
      // The words of the command line can be bad input too.
      .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.placed : EXIT.trouble))
      .addHelpText("after", "\nExit status: 0 placed, 1 proved impossible, 2 trouble, 3 not decided in time.")
      .action(async (path: string, options: PlanOptions) => {
        try {
          process.exitCode = EXIT[await plan(path, options)];
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
          process.stderr.write(`npulab: ${error.describe()}\n`);
          process.exitCode = EXIT.trouble;
        }
      })
  );
}

/** Milliseconds between two lines of progress. */
const REPORT_EVERY = 1000;

async function plan(path: string, { capacity, out, timeout, json }: PlanOptions): Promise<ArenaPlan["kind"]> {
  const { readProblem, writeSolution } = await import("../lib/memory/minimalloc.js");
  const { planArena } = await import("../lib/memory/arena.js");
  const file = readProblem(access(path, () => readFileSync(path, "utf8")));
  const start = performance.now();
  const spent = () => performance.now() - start;
  const shown = process.stderr.isTTY === true;
  let reported = 0;
  let number = 0;
  const stop = () => {
    if (shown && spent() - reported > REPORT_EVERY) {
      reported = spent();
      const left = Math.max(0, timeout - reported / 1000).toFixed(0);
      process.stderr.write(`\rsearching, walk ${number}, at most ${left} s more `);
    }
    return spent() > timeout * 1000;
  };
  const result = planArena(file.buffers, {
    capacityBytes: capacity,
    stop,
    onWalk: (walk) => {
      number = walk.number;
    },
  });
  if (reported > 0) process.stderr.write("\r\u001b[K");
  if (result.kind === "placed" && out !== undefined) {
    const offsets = new Map(result.placements.map(({ id, address }) => [id, bytes(address)]));
    access(out, () => writeFileSync(out, writeSolution(file, offsets)));
  }
  const seconds = spent() / 1000;
  const text = json
    ? JSON.stringify(
        { schema: "npulab/plan@1", problem: path, capacity, seconds, ...record(result) },
        null,
        2,
      )
    : `${sentence(result, capacity)} ${seconds.toFixed(2)} s.`;
  process.stdout.write(`${text}\n`);
  return result.kind;
}

function access<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError({
      code: "FILE",
      message: `Cannot read or write '${path}': ${(cause as Error).message}`,
      cause,
    });
  }
}

function record(result: ArenaPlan) {
  const { bound, ...rest } = result;
  return { ...rest, boundBytes: bound.bytes, boundAt: bound.step, witness: bound.live.map(({ id }) => id) };
}

const NAMED = 5;

function witness({ bytes: live, step, live: buffers }: LowerBound): string {
  const named = buffers.slice(0, NAMED).map((buffer) => `${buffer.id} (${takes(buffer)})`);
  const more = buffers.length > NAMED ? ` and ${buffers.length - NAMED} smaller` : "";
  return `${live} bytes live at ${step}: ${named.join(", ")}${more}`;
}

function sentence(result: ArenaPlan, capacity: Bytes): string {
  const { bound } = result;
  switch (result.kind) {
    case "placed": {
      const ratio = bound.bytes === 0 ? 1 : result.heightBytes / bound.bytes;
      const optimal = result.proved ? "no plan takes less" : `at least ${bound.bytes} are needed`;
      return `placed in ${result.heightBytes} of ${capacity} bytes (${ratio.toFixed(3)} of the bound, ${optimal}), ${result.method}.`;
    }
    case "impossible":
      return result.proof === "load"
        ? `impossible in ${capacity} bytes: ${witness(bound)}.`
        : `impossible in ${capacity} bytes: every way was tried, although no moment needs more than ${bound.bytes}.`;
    default:
      return `not decided: no placement in ${capacity} bytes found, none excluded after ${result.decisions} decisions; ${witness(bound)}.`;
  }
}
