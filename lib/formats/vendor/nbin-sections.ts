/**
 * The sections of a relocatable network, and the RAM that it needs. The words behind the flags, as the runtime's
 * installer reads them (ll_aton_reloc_network.c, runtime 8.0; the classic X-CUBE-AI loader has the same order):
 *
 *    2  data start    3  data end     4  data, in the file     5  bss start    6  bss end
 *    7  got start     8  got end      9  rel start            10  rel end
 *   11  memory pools, from the data on                        12  parameters, in the file; 0: a file of their own
 *
 * The upper four bits of a word say where the address counts from (2: file, 4, 8: RAM); the rest is the offset.
 * Behind them come entry points, ten or more by version, which are not read.
 *
 *   data in the file at 141,016; bss ends at 28,472:   XIP needs 28,472 bytes of RAM, COPY 28,472 + 141,016
 */
import { DecodeError } from "../../errors.js";
import { type NbinHead, parseNbinHead } from "./nbin.js";

export interface NbinSections {
  readonly head: NbinHead;
  /** Header, code, constants and blobs: from the start of the file to its data. */
  readonly codeBytes: number;
  readonly dataBytes: number;
  readonly bssBytes: number;
  readonly gotBytes: number;
  /** Places that the installer corrects. */
  readonly relocations: number;
  /** Where parameters begin in this file; null: in a file of their own (--split). */
  readonly parameters: { readonly offset: number; readonly bytes: number } | null;
  /** RAM that each way to install it needs, in bytes. */
  readonly ram: { readonly xip: number; readonly copy: number };
  readonly pools: readonly NbinPool[];
}

export const NBIN_POOL_TYPES = { 1: "reloc", 2: "copy", 3: "reset" } as const;
export const NBIN_POOL_DATA = { 1: "parameters", 2: "activations", 3: "mixed" } as const;

/** What the installer does with one memory pool: points at it, copies it, or clears it. */
export interface NbinPool {
  readonly name: string;
  readonly type: (typeof NBIN_POOL_TYPES)[keyof typeof NBIN_POOL_TYPES];
  readonly data: (typeof NBIN_POOL_DATA)[keyof typeof NBIN_POOL_DATA];
  readonly readable: boolean;
  readonly writable: boolean;
  readonly cacheable: boolean;
  /** 0: parameters, 1: external RAM, for relocated pools. */
  readonly id: number;
  readonly fileOffset: number;
  readonly destination: number;
  readonly bytes: number;
}

const HEADER_WORDS = 13;
const OFFSET = 0x0fffffff;
const POOL_BYTES = 20;
/** The installer's own limit. */
const MOST_POOLS = 10;
const ATTRIBUTES = { read: 1, write: 2, cacheable: 4 } as const;

/** Returns a word of pool flags in words: 0x01010500 is a relocated, cacheable, read-only pool of parameters. */
export function nbinPoolFlags(
  flags: number,
): Omit<NbinPool, "name" | "fileOffset" | "destination" | "bytes"> | null {
  const type = NBIN_POOL_TYPES[((flags >>> 24) & 0xff) as 1];
  const data = NBIN_POOL_DATA[((flags >>> 16) & 0xff) as 1];
  if (type === undefined || data === undefined) return null;
  const attributes = (flags >>> 8) & 0xff;
  return {
    type,
    data,
    readable: (attributes & ATTRIBUTES.read) !== 0,
    writable: (attributes & ATTRIBUTES.write) !== 0,
    cacheable: (attributes & ATTRIBUTES.cacheable) !== 0,
    id: flags & 0xff,
  };
}

const roundUp = (value: number) => Math.ceil(value / 8) * 8;

class Reader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  readonly #title: string;

  constructor(data: Uint8Array, title: string) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.#title = title;
  }

  refuse(problem: string, offset: number, path: string): DecodeError {
    const message = `Cannot read relocatable network '${this.#title}': ${problem}`;
    return new DecodeError({ code: "NBIN", message, offset, path });
  }

  word(offset: number, path: string): number {
    if (offset < 0 || offset + 4 > this.#data.length) {
      throw this.refuse(`${path} lies behind its end, it has ${this.#data.length} bytes`, offset, path);
    }
    return this.#view.getUint32(offset, true);
  }

  text(offset: number, path: string): string {
    const end = this.#data.indexOf(0, offset);
    if (offset >= this.#data.length || end < 0) throw this.refuse(`${path} is no text`, offset, path);
    return new TextDecoder("latin1").decode(this.#data.subarray(offset, end));
  }
}

/**
 * Returns the sections and memory needs of a relocatable network. Throws a DecodeError for a file that is too
 * short, for sections that end before they begin or behind the file, and for pools of an unknown kind.
 */
export function parseNbin(data: Uint8Array, title = "network_rel.bin"): NbinSections {
  const head = parseNbinHead(data, title);
  const reader = new Reader(data, title);
  const names =
    "magic,flags,data start,data end,data,bss start,bss end,got start,got end,rel start,rel end,memory pools,parameters".split(
      ",",
    );
  const words = Array.from(
    { length: HEADER_WORDS },
    (_, index) => reader.word(4 * index, names[index]!) & OFFSET,
  );
  const at = (index: number) => words[index]!;
  const section = (from: number, to: number) => {
    if (at(to) < at(from)) {
      throw reader.refuse(
        `${names[to]} is ${at(to)}, expected at least ${names[from]}, ${at(from)}`,
        4 * to,
        names[to]!,
      );
    }
    return at(to) - at(from);
  };
  const [code, parameters] = [at(4), at(12)];
  for (const index of [4, 10, 12]) {
    if (at(index) > data.length) {
      throw reader.refuse(
        `${names[index]} is ${at(index)}, it has ${data.length} bytes`,
        4 * index,
        names[index]!,
      );
    }
  }
  const relocationBytes = section(9, 10);
  if (relocationBytes % 4 !== 0) {
    throw reader.refuse(`its relocations take ${relocationBytes} bytes, expected whole words`, 40, "rel end");
  }
  const xip = roundUp(at(6));
  return {
    head,
    codeBytes: code,
    dataBytes: section(2, 3),
    bssBytes: section(5, 6),
    gotBytes: section(7, 8),
    relocations: relocationBytes / 4,
    parameters: parameters === 0 ? null : { offset: parameters, bytes: data.length - parameters },
    ram: { xip, copy: xip + roundUp(code) },
    pools: readPools(reader, code + at(11), data.length),
  };
}

function readPools(reader: Reader, from: number, fileBytes: number): readonly NbinPool[] {
  const pools: NbinPool[] = [];
  for (let index = 0; ; index++) {
    const offset = from + index * POOL_BYTES;
    const path = `memory pool ${index}`;
    const [name, flags] = [reader.word(offset, path), reader.word(offset + 4, path)];
    if (name === 0 && flags === 0) return pools;
    if (index === MOST_POOLS)
      throw reader.refuse(`it has more than ${MOST_POOLS} memory pools`, offset, path);
    const meaning = nbinPoolFlags(flags);
    if (!meaning) {
      const found = `0x${flags.toString(16).padStart(8, "0")}`;
      throw reader.refuse(
        `the flags of ${path} are ${found}, expected a type and a kind of data from 1 to 3`,
        offset + 4,
        path,
      );
    }
    const [fileOffset, destination, bytes] = [8, 12, 16].map((field) =>
      reader.word(offset + field, path),
    ) as [number, number, number];
    // Cleared pools, and parameters in a file of their own, have no bytes here.
    const here = meaning.type === "copy" || (meaning.type === "reloc" && fileOffset !== 0);
    if (here && fileOffset + bytes > fileBytes) {
      throw reader.refuse(
        `${path} ends at ${fileOffset + bytes}, behind its end at ${fileBytes}`,
        offset + 8,
        path,
      );
    }
    pools.push({
      name: reader.text(name & OFFSET, `name of ${path}`),
      ...meaning,
      fileOffset,
      destination,
      bytes,
    });
  }
}

export interface NbinFit {
  readonly mode: "xip" | "copy";
  readonly needs: number;
  readonly fits: boolean;
}

/** Returns which ways to install a network fit RAM of `ramBytes`. */
export function nbinFits({ ram }: NbinSections, ramBytes: number): readonly NbinFit[] {
  return (["xip", "copy"] as const).map((mode) => ({ mode, needs: ram[mode], fits: ram[mode] <= ramBytes }));
}
