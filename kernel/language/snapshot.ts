/**
 * The language process as a file: a V8 start-up snapshot that holds the compiler, loaded, and the types, parsed
 * and bound. Reading them anew takes more than a second, reading the file a quarter of one. The first kernel has
 * none, builds one on the side, and later kernels start from it:
 *
 *     ~/.cache/npulab/snapshots/4f1c….blob    what Node starts from
 *     ~/.cache/npulab/snapshots/4f1c….json    the files that went into it, with sizes and times
 *
 * It is only a shortcut: one whose files have changed, or that Node does not start from, is as good as none.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache-folder.js";
import { typeRoot } from "./type-root.js";

const ROOM = dirname(fileURLToPath(import.meta.url));
const COMPILER = createRequire(import.meta.url).resolve("typescript");
/**
 * Node refuses a snapshot that was built with other flags of V8. A hash seed of its own for each process guards
 * servers against chosen keys; the language process serves one person and starts faster without.
 */
export const SNAPSHOT_FLAGS: readonly string[] = ["--no-rehash-snapshot", "--no-warnings", "--expose-gc"];
/** A builder that has not ended by now never will; after one that failed, none starts for as long. */
const BUILD_MS = 120_000;
/** Snapshots kept beside each other: of other versions, other folders of types. */
const KEPT = 3;

export interface Snapshot {
  readonly blob: string;
  readonly manifest: string;
}

export interface SnapshotOptions {
  /** The notebook's folder: its own types of Node come before the kernel's. */
  readonly folder: string;
  readonly cache?: string;
}

/** Returns where the snapshot for a notebook's folder lies, whether or not it is there. */
export function snapshotFor({ folder, cache = cacheFolder("snapshots") }: SnapshotOptions): Snapshot {
  const identity = [process.version, process.arch, ROOM, COMPILER, typeRoot(folder) ?? "", ...SNAPSHOT_FLAGS];
  const name = createHash("sha256").update(identity.join("\n")).digest("hex").slice(0, 32);
  return { blob: join(cache, `${name}.blob`), manifest: join(cache, `${name}.json`) };
}

interface Manifest {
  /** Bytes of the blob: one that was cut off is not the one this speaks of. */
  readonly size: number;
  /** Path, bytes and time of each file that went into it. */
  readonly inputs: readonly (readonly [string, number, number])[];
}

/** Returns whether the snapshot is there, whole, and of the files as they are now. */
export function isFresh({ blob, manifest }: Snapshot): boolean {
  try {
    const { size, inputs } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
    return (
      statSync(blob).size === size &&
      inputs.every(([file, bytes, time]) => {
        const now = statSync(file);
        return now.size === bytes && now.mtimeMs === time;
      })
    );
  } catch {
    return false;
  }
}

/** Deletes a snapshot that Node does not start from. */
export function discard({ blob, manifest }: Snapshot): void {
  for (const file of [manifest, blob]) remove(file);
}

/**
 * Builds the snapshot for a notebook's folder, which takes some seconds, and returns whether it is there now.
 * Where it cannot be written, or another process is at it, nothing happens.
 */
export function buildSnapshot(options: SnapshotOptions): boolean {
  const snapshot = snapshotFor(options);
  if (isFresh(snapshot)) return true;
  const lock = `${snapshot.blob}.lock`;
  const beside: Snapshot = { blob: `${snapshot.blob}.new`, manifest: `${snapshot.manifest}.new` };
  const entry = `${snapshot.blob}.cjs`;
  if (!claim(lock)) return false;
  const types = typeRoot(options.folder);
  try {
    // Node runs the entry without the `exports` that compiled CommonJS begins with.
    writeFileSync(entry, `const exports = {};\n${readFileSync(join(ROOM, "snapshot-entry.cjs"), "utf8")}`);
    const { status } = spawnSync(
      process.execPath,
      [
        ...[...SNAPSHOT_FLAGS, "--snapshot-blob", beside.blob, "--build-snapshot", entry],
        ...[COMPILER, ROOM, beside.manifest, ...(types === undefined ? [] : [types])],
      ],
      { stdio: "ignore", timeout: BUILD_MS, env: languageEnvironment() },
    );
    if (status !== 0) return false;
    const inputs = JSON.parse(readFileSync(beside.manifest, "utf8")) as Manifest["inputs"];
    const manifest: Manifest = { size: statSync(beside.blob).size, inputs };
    writeFileSync(beside.manifest, JSON.stringify(manifest));
    renameSync(beside.blob, snapshot.blob);
    renameSync(beside.manifest, snapshot.manifest);
    prune(dirname(snapshot.blob));
    remove(lock);
    return true;
  } catch {
    return false; // a full disk, say: the next kernels start as slowly as this one
  } finally {
    discard(beside);
    remove(entry);
  }
}

/** The user's options for Node are meant for the user's code, and certificates for what opens connections. */
export function languageEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_EXTRA_CA_CERTS: __, ...env } = process.env;
  return env;
}

/** Several kernels may start at once: the first of them builds. */
function claim(lock: string): boolean {
  try {
    mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > BUILD_MS) remove(lock);
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

/** Deletes the oldest of too many snapshots. */
function prune(cache: string): void {
  const blobs = readdirSync(cache)
    .filter((name) => name.endsWith(".blob"))
    .map((name) => ({ blob: join(cache, name), time: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { blob } of blobs.slice(KEPT)) discard({ blob, manifest: blob.replace(/blob$/, "json") });
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // its folder is none, or not ours
  }
}
