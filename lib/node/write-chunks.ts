import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { LabError } from "../errors.js";

/**
 * Writes chunks one after another and returns how many bytes that were. They go to a file beside first, which
 * takes the name at the end: a run that is cut off leaves no half file, and a file may be rewritten from itself.
 * Throws a LabError when the file cannot be written.
 */
export function writeChunks(path: string, chunks: Iterable<Uint8Array>): number {
  const part = `${path}.part`;
  let bytes = 0;
  try {
    const file = openSync(part, "w");
    try {
      for (const chunk of chunks) {
        for (let done = 0; done < chunk.byteLength; ) done += writeSync(file, chunk, done);
        bytes += chunk.byteLength;
      }
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (cause) {
    rmSync(part, { force: true });
    if (cause instanceof LabError) throw cause;
    throw new LabError({
      code: "FILE",
      message: `Cannot write '${path}': ${(cause as Error).message}`,
      cause,
    });
  }
  return bytes;
}
