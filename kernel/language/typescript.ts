/**
 * The compiler, loaded with `require`: an `import` of CommonJS makes Node read all nine megabytes for the
 * names of its exports first, which costs more than loading them.
 */
import { createRequire } from "node:module";
import { loadCached } from "./code-cache.js";

const cached = loadCached(createRequire(import.meta.url).resolve("typescript"));

// From the module cache, where the line above has put it.
import ts = require("typescript");

/** Keeps the compiler's compiled form for the next kernel; worth most once it has done some work. */
export const keepCompiler = cached.keep;
export { ts };
