/**
 * Loads a large CommonJS module from V8's compiled form of it, kept between kernels: reading and compiling nine
 * megabytes of TypeScript anew is most of what its loading takes. The file is only a shortcut: V8 refuses what
 * another version of it wrote, and a digest keeps a damaged one from reaching V8.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Module } from "node:module";
import { dirname, join } from "node:path";
import vm from "node:vm";
import { cacheFolder } from "./cache-folder.js";

export interface CachedModule {
  readonly exports: unknown;
  /** Whether the compiled form was at hand. */
  readonly hit: boolean;
  /** Keeps the compiled form of what has run by now; does nothing when it was at hand or cannot be written. */
  keep(): void;
}

const DIGEST_BYTES = 32;

/** Loads `file` and enters it in the module cache, so that `require` gives the same instance. */
export function loadCached(
  file: string,
  { folder = cacheFolder("code") }: { readonly folder?: string } = {},
): CachedModule {
  const text = readFileSync(file, "utf8");
  // V8 compares the length of the text alone: the file's time tells apart what has the same length.
  const identity = [file, text.length, statSync(file).mtimeMs, process.version, process.arch].join("\n");
  const path = join(folder, `${digest(identity).toString("hex").slice(0, 32)}.v8`);
  const cachedData = readWhole(path);
  const script = new vm.Script(Module.wrap(text), {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const hit = cachedData !== undefined && script.cachedDataRejected === false;

  const module = new Module(file);
  module.filename = file;
  const require = Module.createRequire(file);
  require.cache[file] = module;
  script.runInThisContext()(module.exports, require, module, file, dirname(file));
  module.loaded = true;
  return {
    exports: module.exports,
    hit,
    keep() {
      if (!hit) writeWhole(path, script.createCachedData());
    },
  };
}

function digest(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

function readWhole(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    const data = bytes.subarray(DIGEST_BYTES);
    return digest(data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** Writes beside and renames: two kernels may start at once. */
function writeWhole(path: string, data: Buffer): void {
  const beside = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(beside, Buffer.concat([digest(data), data]), { mode: 0o600 });
    renameSync(beside, path);
  } catch {
    remove(beside); // a read-only home or a full disk: the next kernel starts as slowly as this one
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // its folder is none
  }
}
