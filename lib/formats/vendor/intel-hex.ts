/**
 * Intel HEX ("Hexadecimal Object File Format Specification", Intel, revision A, 1988): bytes with their addresses
 * as text.
 *
 *   :02 0000 04 7038 52      record 04: the upper half of addresses is 0x7038
 *   :10 0000 00 1711…F8FD AA  record 00: 16 bytes from 0x70380000; AA makes the sum of all bytes 0 (mod 256)
 *   :00 0000 01 FF           record 01: the end
 */
import type { DecodeError } from "../../errors.js";
import { LineCursor } from "./lines.js";

/** Bytes without a gap. */
export interface HexSegment {
  readonly address: number;
  readonly data: Uint8Array;
}

export interface HexImage {
  readonly title: string;
  /** By rising address; never touching each other. */
  readonly segments: readonly HexSegment[];
  /** Where a program starts, from records 03 and 05; null without one. */
  readonly start: { readonly kind: "segmented" | "linear"; readonly address: number } | null;
  readonly records: number;
}

const RECORD = /^:([\dA-Fa-f]{10,})\s*$/;
const TYPE = { data: 0, end: 1, segment: 2, startSegment: 3, linear: 4, startLinear: 5 } as const;
/** Bytes of data that a record of each type but `data` has. */
const LENGTHS: Readonly<Record<number, number>> = {
  [TYPE.end]: 0,
  [TYPE.segment]: 2,
  [TYPE.startSegment]: 4,
  [TYPE.linear]: 2,
  [TYPE.startLinear]: 4,
};
const SEGMENT_BYTES = 0x10000;
const LAST_ADDRESS = 0xffffffff;

/** Returns the value of a hexadecimal digit; the text must hold one there. */
function nibble(digits: string, index: number): number {
  const code = digits.charCodeAt(index);
  return (code & 0xf) + (code > 0x39 ? 9 : 0);
}

interface HexRecord {
  readonly type: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

function readRecord(cursor: LineCursor): HexRecord {
  const found = cursor.line === null ? null : RECORD.exec(cursor.line.text);
  if (!found) throw cursor.refuse("a record", "a colon and pairs of hexadecimal digits");
  const digits = found[1]!;
  const all = new Uint8Array(digits.length >> 1);
  let sum = 0;
  for (let index = 0; index < all.length; index++) {
    const byte = (nibble(digits, 2 * index) << 4) | nibble(digits, 2 * index + 1);
    all[index] = byte;
    sum += byte;
  }
  const count = all[0]!;
  if (digits.length !== 2 * (count + 5)) {
    throw cursor.refuse(
      "a record",
      `${count} bytes of data and a checksum`,
      `${Math.max(0, digits.length - 8)} digits long behind its type`,
    );
  }
  if ((sum & 0xff) !== 0) {
    throw cursor.refuse("the checksum of a record", "0 as the sum of its bytes", String(sum & 0xff));
  }
  const code = all[3]!;
  const wanted = LENGTHS[code];
  if (code !== TYPE.data && wanted === undefined)
    throw cursor.refuse("the type of a record", "0 to 5", String(code));
  if (wanted !== undefined && wanted !== count) {
    throw cursor.refuse(`a record of type ${code}`, `${wanted} bytes long`, `${count} bytes long`);
  }
  return { type: code, offset: (all[1]! << 8) | all[2]!, data: all.subarray(4, 4 + count) };
}

/** Returns pieces as segments without gaps. Throws when two hold the same address. */
function join(
  pieces: readonly HexSegment[],
  refuse: (problem: string) => DecodeError,
): readonly HexSegment[] {
  const sorted = [...pieces].sort((a, b) => a.address - b.address);
  const runs: { address: number; length: number; pieces: HexSegment[] }[] = [];
  for (const piece of sorted) {
    const run = runs.at(-1);
    const end = run ? run.address + run.length : -1;
    if (run && piece.address < end) throw refuse(`0x${piece.address.toString(16)} twice`);
    if (run && piece.address === end) {
      run.pieces.push(piece);
      run.length += piece.data.length;
    } else {
      runs.push({ address: piece.address, length: piece.data.length, pieces: [piece] });
    }
  }
  return runs.map(({ address, length, pieces: parts }) => {
    const data = new Uint8Array(length);
    for (const part of parts) data.set(part.data, part.address - address);
    return { address, data };
  });
}

/**
 * Returns the bytes of an Intel HEX file with their addresses. All record types are read, checksums are checked,
 * and data that runs over the end of a 64 KB segment wraps within it, as the format says for record 02. Throws a
 * DecodeError with the line.
 */
export function parseIntelHex(text: string, title = "image.hex"): HexImage {
  const cursor = new LineCursor(text, { title, what: "Intel HEX file", code: "INTEL_HEX" });
  const pieces: HexSegment[] = [];
  let start: HexImage["start"] = null;
  let base: { address: number; wraps: boolean } = { address: 0, wraps: false };
  let records = 0;
  for (let ended = false; !ended; ) {
    if (cursor.content() === null) throw cursor.refuse("the last record", "an end record, :00000001FF");
    const { type, offset, data } = readRecord(cursor);
    const word = (from: number) => (data[from]! << 8) | data[from + 1]!;
    const long = () => word(0) * 0x10000 + word(2);
    switch (type) {
      case TYPE.data: {
        const fits = base.wraps ? Math.min(data.length, SEGMENT_BYTES - offset) : data.length;
        const address = base.address + offset;
        if (address + fits - 1 > LAST_ADDRESS)
          throw cursor.refuse("an address", "at most 32 bits", "beyond them");
        if (fits > 0) pieces.push({ address, data: data.subarray(0, fits) });
        if (fits < data.length) pieces.push({ address: base.address, data: data.subarray(fits) });
        break;
      }
      case TYPE.segment:
        base = { address: word(0) * 16, wraps: true };
        break;
      case TYPE.linear:
        base = { address: word(0) * 0x10000, wraps: false };
        break;
      case TYPE.startSegment:
        start = { kind: "segmented", address: word(0) * 16 + word(2) };
        break;
      case TYPE.startLinear:
        start = { kind: "linear", address: long() };
        break;
      default:
        ended = true;
    }
    records++;
    cursor.take(/^/);
  }
  if (cursor.content() !== null) throw cursor.refuse("what follows the end record", "nothing");
  const refuse = (problem: string) => cursor.refuse("the data", "each address once", problem);
  return { title, segments: join(pieces, refuse), start, records };
}
