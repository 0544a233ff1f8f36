/**
 * Node's types as one file, for the reason that standard-library.ts gives: `@types/node` has some sixty files.
 *
 *     index.d.ts                               index.d.ts
 *     /// <reference lib="es2020" />           /// <reference lib="es2020" />
 *     /// <reference path="fs.d.ts" />         declare module "fs" { … }
 *     /// <reference path="events.d.ts" />     declare module "events" { … }
 *
 * Files that are modules by themselves (they say `declare global`) stay files, and are referred to.
 */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { narrow } from "./narrow.js";
import { type JoinedLibrary, joined } from "./standard-library.js";

const REFERENCE = /^\/\/\/\s*<reference\s+(path|lib|types)="([^"]+)"[^>]*\/>[^\n]*$/gm;
const MODULE = /^(?:export|import)\s/m;

/** Joins what `…/@types/node/index.d.ts` refers to; `root` is the folder with Node's types. */
export function nodeLibrary(root: string | undefined): JoinedLibrary {
  const entry = root === undefined ? undefined : join(root, "node", "index.d.ts");
  if (entry === undefined || !existsSync(entry)) return joined(new Map());
  const whole = realpathSync(entry);
  const texts = new Map<string, string>();
  const kept = new Set<string>();
  const seen = new Set<string>();
  // A file comes after those it refers to, as in the compiler's own order.
  const collect = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    if (MODULE.test(text)) {
      kept.add(`/// <reference path="${file}" />\n`);
      return;
    }
    for (const [line, kind, target = ""] of text.matchAll(REFERENCE)) {
      if (kind === "path") collect(join(dirname(file), target));
      else kept.add(`${line}\n`);
    }
    texts.set(file, text.replace(REFERENCE, ""));
  };
  collect(whole);
  const text = narrow(`${[...kept].join("")}${[...texts.values()].join("\n")}`);
  return joined(new Map([...texts.keys()].map((file) => [file, file === whole ? text : ""])));
}
