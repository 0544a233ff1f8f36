/**
 * Reference material beside the repository: real models, compiled networks, board figures. It is not part of
 * the repository; tests that need it are skipped, aloud, when it is absent.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, it } from "vitest";

const root = process.env.NPULAB_SHARED ?? resolve(import.meta.dirname, "../../shared");

/** Returns the absolute path of a file of the reference material, or null when it is absent. */
export function sharedPath(relative: string): string | null {
  const path = resolve(root, relative);
  return existsSync(path) ? path : null;
}

/** Like `sharedPath`, for use inside `describeShared`: the file must be there. */
export function requireShared(relative: string): string {
  const path = sharedPath(relative);
  if (path === null) throw new Error(`Cannot find '${relative}' in the reference material at ${root}`);
  return path;
}

/**
 * A `describe` that needs the reference material. Without it the tests are not even collected, as collecting
 * them reads it: one skipped test stands for them and says why.
 */
export function describeShared(title: string, define: () => void): void {
  if (existsSync(root)) describe(title, define);
  else describe(title, () => it.skip("needs the reference material, there is none at ../shared"));
}
