/**
 * Whether flash, or a file for it, holds the right image, and how it differs. A manifest has no bytes, only the
 * place, length, CRC-32 and SHA-256 of each buffer; that is enough to find a buffer wherever it lies:
 *
 *   manifest   A at 0, 512 bytes      B at 512, 80 bytes
 *   image      00 00 00 00 A……… B…    A's CRC fits the 512 bytes from 4 on, B's those from 516: shifted by 4
 *
 * The image is looked at as it is and with its bytes swapped in units of 2, 4 and 8. The reading and the shift
 * under which most bytes fit are taken; what still differs under them is told buffer by buffer.
 */
import { crc32, crcText, findByCrc } from "./crc32.js";
import type { LocatedBytes } from "./hex-image.js";
import type { ManifestBuffer, ManifestPool } from "./manifest.js";
import { ERASED } from "./seal.js";

export const DAMAGES = [
  "erased",
  "swapped",
  "shifted",
  "truncated",
  "partly-erased",
  "moved",
  "stale",
  "foreign",
  "gaps",
  "seal",
] as const;
export type DamageKind = (typeof DAMAGES)[number];

export interface Damage {
  readonly kind: DamageKind;
  /** Whether inferences differ; `gaps` and `seal` alone leave them right. */
  readonly harmful: boolean;
  readonly message: string;
  /** Of `shifted`: bytes that the image lies behind its place. Of `swapped`: bytes in a unit. */
  readonly by?: number;
  /** Names of the buffers concerned. */
  readonly buffers: readonly string[];
}

export interface Verdict {
  readonly pool: string;
  readonly right: boolean;
  /** Empty when every byte is right; the first is what to mend first. */
  readonly damages: readonly Damage[];
  /** Bytes of buffers that are right where they lie, and of all buffers. */
  readonly rightBytes: number;
  readonly bufferBytes: number;
}

export interface VerifyRequest {
  readonly pool: ManifestPool;
  readonly found: LocatedBytes;
  readonly sha256: (bytes: Uint8Array) => string;
}

type BufferState = "right" | "erased" | "missing" | "other";

/** One way to look at the image: in units of so many bytes, each turned around; 1: as it is. */
interface Reading {
  readonly unit: number;
  readonly data: Uint8Array;
}

interface Fit {
  readonly reading: Reading;
  readonly shift: number;
  readonly states: readonly BufferState[];
  readonly rightBytes: number;
}

const UNITS = [1, 2, 4, 8] as const;
/** Buffers that are looked for elsewhere: the largest, of which some may be damaged themselves. */
const SEEDS = 8;
/** A shorter buffer fits somewhere by chance, or holds one value many times. */
const SHORTEST_SEED = 16;

/** Returns the bytes with each unit turned around; a last part of a unit is filled with erased bytes. */
export function swapBytes(data: Uint8Array, unit: number): Uint8Array {
  const swapped = new Uint8Array(Math.ceil(data.length / unit) * unit).fill(ERASED);
  swapped.set(data);
  for (let from = 0; from < swapped.length; from += unit) swapped.subarray(from, from + unit).reverse();
  return swapped;
}

const isFilled = (data: Uint8Array, value: number) => data.every((byte) => byte === value);

class Comparison {
  readonly #request: VerifyRequest;
  readonly #origin: number;

  constructor(request: VerifyRequest) {
    this.#request = request;
    this.#origin = request.found.origin;
  }

  #holds(data: Uint8Array, { crc32: crc, sha256 }: ManifestBuffer): boolean {
    return crcText(crc32(data)) === crc && this.#request.sha256(data) === sha256;
  }

  /** Returns how each buffer fares when the image lies `shift` bytes behind its place. */
  fit(reading: Reading, shift: number): Fit {
    let rightBytes = 0;
    const states = this.#request.pool.buffers.map((buffer): BufferState => {
      const from = buffer.offset + shift - this.#origin;
      const to = from + buffer.bytes;
      if (from < 0 || to > reading.data.length) return "missing";
      const held = reading.data.subarray(from, to);
      if (this.#holds(held, buffer)) {
        rightBytes += buffer.bytes;
        return "right";
      }
      return isFilled(held, ERASED) ? "erased" : "other";
    });
    return { reading, shift, states, rightBytes };
  }

  /** Returns the shifts at which one of the buffers lies, those of most bytes first. */
  shifts(reading: Reading, buffers: readonly ManifestBuffer[]): readonly number[] {
    const votes = new Map<number, number>();
    for (const buffer of buffers) {
      const wanted = { length: buffer.bytes, crc: Number.parseInt(buffer.crc32, 16) };
      for (const at of findByCrc(reading.data, wanted)) {
        const shift = at + this.#origin - buffer.offset;
        votes.set(shift, (votes.get(shift) ?? 0) + buffer.bytes);
      }
    }
    return [...votes].sort((a, b) => b[1] - a[1]).map(([shift]) => shift);
  }

  /** Returns where a buffer lies, as an offset in the pool; null when it is not there. */
  whereIs(reading: Reading, buffer: ManifestBuffer): number | null {
    const wanted = { length: buffer.bytes, crc: Number.parseInt(buffer.crc32, 16) };
    const at = findByCrc(reading.data, wanted).find((offset) =>
      this.#holds(reading.data.subarray(offset, offset + buffer.bytes), buffer),
    );
    return at === undefined ? null : at + this.#origin;
  }

  /** Returns the reading and shift that explain most bytes; as it is, in its place, where others are no better. */
  best(): Fit {
    const { pool, found } = this.#request;
    const seeds = pool.buffers
      .filter(({ bytes }) => bytes >= SHORTEST_SEED)
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, SEEDS);
    const all = pool.buffers.reduce((sum, { bytes }) => sum + bytes, 0);
    let best = this.fit({ unit: 1, data: found.data }, 0);
    for (const unit of UNITS) {
      if (best.rightBytes === all) break;
      const reading = { unit, data: unit === 1 ? found.data : swapBytes(found.data, unit) };
      for (const shift of [0, ...this.shifts(reading, seeds).slice(0, SEEDS)]) {
        const fit = this.fit(reading, shift);
        if (fit.rightBytes > best.rightBytes) best = fit;
      }
    }
    return best;
  }
}

const count = (value: number) => value.toLocaleString("en-US");

function named(buffers: readonly ManifestBuffer[]): string {
  const shown = buffers
    .slice(0, 5)
    .map(({ name, role, address }) => `'${name}' (${role}) at 0x${address.toString(16)}`);
  return `${shown.join(", ")}${buffers.length > shown.length ? ` and ${buffers.length - shown.length} more` : ""}`;
}

function damage(
  kind: DamageKind,
  message: string,
  buffers: readonly ManifestBuffer[] = [],
  by?: number,
): Damage {
  const harmful = kind !== "gaps" && kind !== "seal";
  return {
    kind,
    harmful,
    message,
    buffers: buffers.map(({ name }) => name),
    ...(by === undefined ? {} : { by }),
  };
}

/** Returns the damages of an image of which some buffer is right under `fit`. */
function damagesOf(
  { reading, shift, states }: Fit,
  comparison: Comparison,
  request: VerifyRequest,
): Damage[] {
  const { pool, found } = request;
  const inState = (state: BufferState) => pool.buffers.filter((_, index) => states[index] === state);
  const damages: Damage[] = [];
  if (reading.unit > 1) {
    const what = `bytes are swapped in units of ${8 * reading.unit} bits`;
    damages.push(
      damage("swapped", `${what}: write the file as it is, without a change of byte order`, [], reading.unit),
    );
  }
  if (shift !== 0) {
    const place = `0x${(pool.address + shift).toString(16)}, expected 0x${pool.address.toString(16)}`;
    const side = shift > 0 ? "behind" : "before";
    damages.push(
      damage(
        "shifted",
        `the image lies ${count(Math.abs(shift))} bytes ${side} its place: it begins at ${place}`,
        [],
        shift,
      ),
    );
  }
  const missing = inState("missing");
  if (missing.length > 0) {
    const end = found.origin + found.data.length - shift;
    damages.push(
      damage(
        "truncated",
        `${count(Math.max(0, Math.min(end, pool.bytes)))} of ${count(pool.bytes)} bytes are there: ${count(missing.length)} buffers are cut off: ${named(missing)}`,
        missing,
      ),
    );
  }
  const erased = inState("erased");
  if (erased.length > 0) {
    damages.push(
      damage(
        "partly-erased",
        `${count(erased.length)} buffers are erased, all 0xFF: ${named(erased)}`,
        erased,
      ),
    );
  }
  const others = inState("other");
  // Long enough not to be found by chance.
  const moved = others.filter(
    (buffer) => buffer.bytes >= SHORTEST_SEED && comparison.whereIs(reading, buffer) !== null,
  );
  if (moved.length > 0) {
    damages.push(
      damage(
        "moved",
        `${count(moved.length)} buffers lie elsewhere in the image, as another layout places them: ${named(moved)}`,
        moved,
      ),
    );
  }
  const stale = others.filter((buffer) => !moved.includes(buffer));
  if (stale.length > 0) {
    damages.push(
      damage(
        "stale",
        `${count(stale.length)} of ${count(pool.buffers.length)} buffers hold other values, as an older image of this network would: ${named(stale)}`,
        stale,
      ),
    );
  }
  return damages;
}

/** Returns what is wrong outside the buffers: gaps between them, and the seal. */
function harmless({ pool, found, sha256 }: VerifyRequest): Damage[] {
  const at = -found.origin;
  const held = found.data.subarray(Math.max(0, at), Math.max(0, at) + pool.bytes);
  if (sha256(held) === pool.sha256) return [];
  return [damage("gaps", "bytes between the buffers differ, which no inference reads")];
}

/** Returns whether an image is the one that the manifest describes, and what is wrong with it. O(bytes). */
export function verifyImage(request: VerifyRequest): Verdict {
  const { pool, found } = request;
  const bufferBytes = pool.buffers.reduce((sum, { bytes }) => sum + bytes, 0);
  const verdict = (damages: readonly Damage[], rightBytes: number): Verdict => ({
    pool: pool.name,
    right: damages.every(({ harmful }) => !harmful),
    damages,
    rightBytes,
    bufferBytes,
  });
  if (
    found.data.length > 0 &&
    request.sha256(found.data.subarray(-found.origin, pool.bytes - found.origin)) === pool.sha256 &&
    found.origin <= 0
  ) {
    return verdict([], bufferBytes);
  }
  if (found.data.length > 0 && isFilled(found.data, ERASED)) {
    const message = `all ${count(found.data.length)} bytes are 0xFF: the flash was erased and never programmed`;
    return verdict([damage("erased", message, pool.buffers)], 0);
  }
  const comparison = new Comparison(request);
  const best = comparison.best();
  const certain = pool.buffers.some(
    ({ bytes }, index) => best.states[index] === "right" && (bytes >= SHORTEST_SEED || best.shift === 0),
  );
  if (!certain) {
    const length = found.data.length;
    const none = `none of its ${count(pool.buffers.length)} buffers is in these ${count(length)} bytes`;
    const short = length < pool.bytes;
    const kind =
      short && pool.buffers.every((_, index) => best.states[index] === "missing") ? "truncated" : "foreign";
    const message =
      kind === "truncated"
        ? `${count(length)} of ${count(pool.bytes)} bytes are there, not even one whole buffer`
        : `${none}, as they are or swapped: this is another image`;
    return verdict([damage(kind, message, pool.buffers)], 0);
  }
  const damages = damagesOf(best, comparison, request);
  return verdict(damages.length > 0 ? damages : harmless(request), best.rightBytes);
}
