/**
 * How a rig speaks, so that people read it and `.ci/run` counts it: one line per claim, `ok`, `FAIL` or
 * `skipped:`, and a last one.
 */
let failed = 0;

export function check(claim, holds, detail = "") {
  if (!holds) failed++;
  const more = String(detail)
    .trim()
    .replace(/\s*\n\s*/g, " | ");
  console.log(`${holds ? "ok  " : "FAIL"} ${claim}${more === "" ? "" : `: ${more}`}`);
}

/** What cannot be tried here; the rig goes on with the rest. */
export function skipped(why) {
  console.log(`skipped: ${why}`);
}

/** For a rig that cannot begin. */
export function skip(why) {
  skipped(why);
  process.exit(0);
}

export function finish() {
  console.log(failed === 0 ? "all hold" : `${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
