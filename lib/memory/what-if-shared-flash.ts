/**
 * One flash, two users: inferences that need it memory mapped, and a logger that reads and writes it through its
 * driver. A mutex keeps them apart; whoever asks first gets it, and keeps it until it is done.
 *
 *   inference every 10 ms: map 0.5, run 2, unmap 0.5       logger every 10 ms: 4
 *
 *   0      3       7     10
 *   |III   |LLLL   |     |III…      the logger waits 3 ms, the inference does not wait
 */
import { LabError } from "../errors.js";

export interface SharedFlashRequest {
  /** `ms`: with the flash mapped. */
  readonly inference: { readonly periodMs: number; readonly ms: number };
  readonly logger: { readonly periodMs: number; readonly ms: number; readonly firstMs?: number };
  /** To enter and leave the memory-mapped mode; measure both on the board. */
  readonly mapMs: number;
  readonly unmapMs: number;
  readonly horizonMs: number;
}

export type FlashUser = "inference" | "logger";

export interface FlashTurn {
  readonly user: FlashUser;
  readonly askedMs: number;
  readonly from: number;
  readonly to: number;
  /** Within [from, to): when the flash is mapped; null for the logger. */
  readonly mapped: readonly [number, number] | null;
}

export interface SharedFlash {
  /** By rising time; never overlapping. */
  readonly turns: readonly FlashTurn[];
  readonly longestWaitMs: Readonly<Record<FlashUser, number>>;
  /** Turns that end after the same user asks again. */
  readonly late: Readonly<Record<FlashUser, number>>;
  /** Share of the time that both together need; above 1 they can never keep up. */
  readonly load: number;
  readonly mappedShare: number;
}

const MOST_TURNS = 100_000;

function check(request: SharedFlashRequest): void {
  const { inference, logger, mapMs, unmapMs, horizonMs } = request;
  const positive = {
    "inference.periodMs": inference.periodMs,
    "logger.periodMs": logger.periodMs,
    horizonMs,
  };
  const atLeastZero = {
    "inference.ms": inference.ms,
    "logger.ms": logger.ms,
    "logger.firstMs": logger.firstMs ?? 0,
    mapMs,
    unmapMs,
  };
  const refuse = (name: string, value: number, wanted: string) =>
    new LabError({
      code: "SHARED_FLASH",
      message: `Cannot share the flash: ${name} is ${value}, expected ${wanted}`,
    });
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0) || !Number.isFinite(value)) throw refuse(name, value, "a positive time");
  }
  for (const [name, value] of Object.entries(atLeastZero)) {
    if (!(value >= 0) || !Number.isFinite(value)) throw refuse(name, value, "a time, zero or more");
  }
  const turns = horizonMs / inference.periodMs + horizonMs / logger.periodMs;
  if (turns > MOST_TURNS) throw refuse("horizonMs", horizonMs, `at most ${MOST_TURNS} turns in it`);
}

function asks(
  user: FlashUser,
  { periodMs, firstMs = 0 }: { periodMs: number; firstMs?: number },
  horizonMs: number,
) {
  const made: { user: FlashUser; at: number }[] = [];
  for (let index = 0; firstMs + index * periodMs < horizonMs; index++) {
    made.push({ user, at: firstMs + index * periodMs });
  }
  return made;
}

/** Returns who has the flash when, for everything asked within the horizon. Throws a LabError for impossible times. */
export function shareFlash(request: SharedFlashRequest): SharedFlash {
  check(request);
  const { inference, logger, mapMs, unmapMs, horizonMs } = request;
  const holds = { inference: mapMs + inference.ms + unmapMs, logger: logger.ms };
  const periods = { inference: inference.periodMs, logger: logger.periodMs };
  // A stable sort: of two that ask at once, the inference is first.
  const queue = [...asks("inference", inference, horizonMs), ...asks("logger", logger, horizonMs)].sort(
    (a, b) => a.at - b.at,
  );
  const longestWaitMs = { inference: 0, logger: 0 };
  const late = { inference: 0, logger: 0 };
  let free = 0;
  let mappedMs = 0;
  const turns = queue.map(({ user, at }): FlashTurn => {
    const from = Math.max(at, free);
    const to = from + holds[user];
    free = to;
    longestWaitMs[user] = Math.max(longestWaitMs[user], from - at);
    if (to > at + periods[user]) late[user]++;
    if (user === "logger") return { user, askedMs: at, from, to, mapped: null };
    mappedMs += inference.ms;
    return { user, askedMs: at, from, to, mapped: [from + mapMs, to - unmapMs] };
  });
  return {
    turns,
    longestWaitMs,
    late,
    load: holds.inference / periods.inference + holds.logger / periods.logger,
    mappedShare: mappedMs / Math.max(horizonMs, free),
  };
}
