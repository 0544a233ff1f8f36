/**
 * How much longer things take now than on an idle machine: limits in milliseconds are stated for an idle one.
 * A thread that shares its core counts fewer milliseconds of work than the clock does.
 */
const WORK_MS = 20;

/** Returns wall time per time of work, at least 1. */
export function loadFactor(): number {
  const before = process.cpuUsage();
  const started = performance.now();
  let worked = 0;
  while (worked < WORK_MS) {
    const { user, system } = process.cpuUsage(before);
    worked = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - started) / worked);
}
