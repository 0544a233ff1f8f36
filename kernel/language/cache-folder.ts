/** Where kernels keep what makes the next one start faster; all of it can be deleted at any time. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Returns the folder for one kind of shortcut; it need not exist yet. */
export function cacheFolder(kind: "code" | "snapshots"): string {
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === "win32" && process.env.LOCALAPPDATA) ||
    join(homedir(), ".cache");
  return join(base, "npulab", kind);
}
