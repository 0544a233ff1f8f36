/**
 * The standard library as one file. The compiler ships it as 88 files that refer to each other, and for every new
 * program, which is every cell, it looks at each file and merges its names into the global scope anew. In one
 * file the binder merges them, once:
 *
 *     lib.esnext.d.ts                          lib.esnext.d.ts
 *     /// <reference lib="es2025" />           …text of lib.es5.d.ts … text of lib.es2025.d.ts…
 *     interface Array<T> { … }                 interface Array<T> { … }
 *     lib.es2025.d.ts, lib.es5.d.ts, …         (empty: whoever refers to them has them already)
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { narrow } from "./narrow.js";

const REFERENCE = /^\/\/\/\s*<reference\s+lib="([^"]+)"\s*\/>[^\n]*$/gm;
/** A library file that is a module (it says `declare global`) cannot be joined with those that are scripts. */
const MODULE = /^export\s/m;

/** Files of a library that are read as one. */
export interface JoinedLibrary {
  /** Returns the text of a file by its path; undefined for what the compiler has to read itself. */
  text(fileName: string): string | undefined;
  readonly files: readonly string[];
}

export function joined(texts: ReadonlyMap<string, string>): JoinedLibrary {
  return { text: (fileName) => texts.get(fileName), files: [...texts.keys()] };
}

/** Joins `root`, a file of `folder`, with all that it refers to. */
export function standardLibrary(folder: string, root: string): JoinedLibrary {
  const scripts = new Map<string, string>();
  const modules: string[] = [];
  const seen = new Set<string>();
  // A file comes after those it refers to, as in the compiler's own order.
  const collect = (lib: string): void => {
    if (seen.has(lib)) return;
    seen.add(lib);
    const text = readFileSync(join(folder, fileOf(lib)), "utf8");
    for (const [, referred = ""] of text.matchAll(REFERENCE)) collect(referred);
    if (MODULE.test(text)) modules.push(lib);
    else scripts.set(lib, text.replace(REFERENCE, ""));
  };
  collect(root);
  const references = modules.map((lib) => `/// <reference lib="${lib}" />\n`).join("");
  const whole = narrow(`${references}${[...scripts.values()].join("\n")}`);
  const texts = new Map(
    [...scripts.keys()].map((lib) => [join(folder, fileOf(lib)), lib === root ? whole : ""]),
  );
  return joined(texts);
}

function fileOf(lib: string): string {
  return `lib.${lib}.d.ts`;
}
