import { LabError } from "../lib/errors.js";

/**
 * Ends the process with one sentence on stderr: what could not be done and what to try. A defect of npulab
 * itself is named as one; its stack is shown only on request.
 */
export function fail(error: unknown): never {
  if (error instanceof LabError) {
    process.stderr.write(`npulab: ${error.describe()}\n`);
    process.exit(1);
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `npulab: this is a defect of npulab, not of your file: ${message}\nSet NPULAB_DEBUG=1 to see where, and please report it with the file.\n`,
  );
  if (process.env.NPULAB_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(70);
}
