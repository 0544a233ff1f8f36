import { realpathSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { LabError } from "../errors.js";
import type { ByteSource } from "../source.js";
import { fileSource } from "./file-source.js";

/**
 * Returns what opens the files beside a model, each once. What a model names must lie below the model's own
 * folder once all symbolic links are followed: a model must not show its reader's other files.
 */
export function siblingsOf(path: string): (name: string) => ByteSource {
  const opened = new Map<string, ByteSource>();
  return (name) => {
    const known = opened.get(name);
    if (known) return known;
    const source = fileSource(insideOf(dirname(resolve(path)), name));
    opened.set(name, source);
    return source;
  };
}

function insideOf(folder: string, name: string): string {
  const wanted = resolve(folder, name);
  const [home, real] = [realPath(folder), realPath(wanted)];
  if (real.startsWith(home.endsWith(sep) ? home : home + sep)) return real;
  throw new LabError({
    code: "EXTERNAL_DATA",
    message: `Cannot open '${name}': it leads to '${real}', expected a file below '${home}'`,
    hint: "copy the file into the folder of the model instead of linking to it",
  });
}

/** Returns where a path ends up; a path that leads nowhere stays as it is, and fails when it is opened. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
