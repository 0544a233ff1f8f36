/** From a packed network to the files that are programmed or copied: one image per memory pool, and a manifest. */
import { LabError } from "../errors.js";
import type { Pool } from "../memory/problem.js";
import type { FilledBuffer } from "../targets/neural-art/packing/pack-image.js";
import type { PackedBuffer } from "../targets/neural-art/records.js";
import { crc32, crcText } from "./crc32.js";
import { imageStem } from "./file-name.js";
import { type ImageManifest, MANIFEST_SCHEMA, type ManifestInstall, type ManifestPool } from "./manifest.js";
import { SEAL_BYTES, sealed, sealOffset } from "./seal.js";
import { type PoolShare, splitOverPools } from "./split.js";

export interface PoolImage {
  readonly pool: ManifestPool;
  /** The image alone. */
  readonly raw: Uint8Array;
  /** What is programmed: the image and its seal; the image itself where it has none. */
  readonly programmed: Uint8Array;
}

export interface WeightImages {
  readonly manifest: ImageManifest;
  readonly images: readonly PoolImage[];
  /** What goes to RAM, one pool behind the other; null when nothing does. */
  readonly store: Uint8Array | null;
}

export interface BuildRequest {
  readonly buffers: readonly FilledBuffer[];
  /** In the order in which activations use them. */
  readonly pools: readonly Pool[];
  readonly model: ImageManifest["model"];
  readonly target: ImageManifest["target"];
  readonly sha256: (bytes: Uint8Array) => string;
  /** Names of pools in file names, from the pool file. */
  readonly fnames?: ReadonlyMap<string, string>;
}

interface Piece extends FilledBuffer {
  readonly tensor: string;
  readonly bytes: number;
}

const STORE_FILE = "weights-for-ram.bin";
/** The copies are word copies; a cache line of Cortex-M55 is 32 bytes. */
const STORE_ALIGNMENT = 32;

function manifestBuffers(
  { pool, pieces }: PoolShare<Piece>,
  sha256: BuildRequest["sha256"],
): ManifestPool["buffers"] {
  return pieces.map(({ piece: { buffer, content }, offset }) => ({
    name: buffer.tensor,
    node: buffer.node.name,
    role: roleOf(buffer),
    offset,
    address: pool.address + offset,
    bytes: buffer.bytes,
    crc32: crcText(crc32(content.bytes)),
    sha256: sha256(content.bytes),
    content: content.status,
  }));
}

/** Returns the role, and for a part of a kernel its rows: parts share the name of their tensor. */
function roleOf({ role, part }: PackedBuffer): string {
  return part && part.mode === "rows" ? `${role} rows ${part.rows.join("..")}` : role;
}

function poolImage(share: PoolShare<Piece>, { sha256, fnames }: BuildRequest): PoolImage {
  const { pool, pieces, bytes } = share;
  const raw = new Uint8Array(bytes);
  for (const { piece, offset } of pieces) raw.set(piece.content.bytes, offset);
  const checks = { crc32: crc32(raw), sha256: sha256(raw) };
  const flash = pool.rights === "read";
  const at = sealOffset(bytes);
  const hasSeal = flash && at + SEAL_BYTES <= pool.sizeBytes;
  const stem = imageStem(pool.name, fnames);
  return {
    raw,
    programmed: hasSeal ? sealed(raw, checks) : raw,
    pool: {
      name: pool.name,
      address: pool.address,
      bytes,
      crc32: crcText(checks.crc32),
      sha256: checks.sha256,
      kind: flash ? "flash" : "ram",
      files: { raw: `${stem}.raw`, bin: hasSeal ? `${stem}.bin` : null, hex: `${stem}.hex` },
      seal: hasSeal ? { address: pool.address + at, bytes: SEAL_BYTES } : null,
      buffers: manifestBuffers(share, sha256),
    },
  };
}

function storeOf(images: readonly PoolImage[]) {
  const entries: ManifestInstall[] = [];
  let offset = 0;
  for (const { pool } of images) {
    const { name, address, bytes, crc32: crc } = pool;
    entries.push({ pool: name, destination: address, offset, bytes, crc32: crc });
    offset = Math.ceil((offset + bytes) / STORE_ALIGNMENT) * STORE_ALIGNMENT;
  }
  const last = entries.at(-1);
  const all = new Uint8Array(last ? last.offset + last.bytes : 0);
  for (const [index, { raw }] of images.entries()) all.set(raw, entries[index]!.offset);
  return { all, entries };
}

/**
 * Returns the images of all pools that hold weights, and their manifest. Weights that fit a single flash pool
 * give the vendor's own image; see split.ts for the rest. Throws a LabError when a buffer fits nowhere, or when
 * the network has no weights.
 */
export function buildImages(request: BuildRequest): WeightImages {
  const pieces = request.buffers.map(({ buffer, content }) => ({
    tensor: buffer.tensor,
    bytes: buffer.bytes,
    buffer,
    content,
  }));
  if (pieces.length === 0) {
    throw new LabError({ code: "NO_WEIGHTS", message: "Cannot write images: the network has no weights" });
  }
  const images = splitOverPools(pieces, request.pools).map((share) => poolImage(share, request));
  const content = { known: 0, assumed: 0, unknown: 0 };
  for (const { buffer, content: held } of request.buffers) content[held.status] += buffer.bytes;
  const forRam = images.filter(({ pool }) => pool.kind === "ram");
  const { all, entries } = storeOf(forRam);
  return {
    images,
    store: forRam.length > 0 ? all : null,
    manifest: {
      schema: MANIFEST_SCHEMA,
      model: request.model,
      target: request.target,
      content,
      pools: images.map(({ pool }) => pool),
      store: forRam.length > 0 ? { file: STORE_FILE, bytes: all.length, entries } : null,
    },
  };
}
