import { readFileSync } from "node:fs";
import { LabError } from "../lib/errors.js";

/** Returns the text of a memory pool file; throws a LabError that names it when it cannot be read. */
export function readPoolText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new LabError({
      code: "FILE",
      message: `Cannot read '${path}': ${(cause as Error).message}`,
      hint: "give the path of a .mpool file",
      cause,
    });
  }
}
