/**
 * Memory pool files (`.mpool`) of the ST Neural-ART compiler: bytes → plain records. Keys as documented in
 * "ST Neural-ART compiler primer" (docs and stock files write `read_power`, dumps of 3.0 write `readPower`;
 * both are read).
 */
import { z } from "zod";
import { type Bytes, bytes } from "../../units.js";
import { type JsonPath, type Place, parseJson } from "./json.js";

export const SPEED_CLASSES = ["LOW", "MID", "HIGH"] as const;
export type SpeedClass = (typeof SPEED_CLASSES)[number];

export interface PoolRecord {
  /** Label in reports: `npuRAM5`. */
  readonly name: string;
  /** Part of the initializer's file name: `<prefix>.<fname>.raw`. */
  readonly fname: string;
  readonly format: string;
  /** read: constants only. */
  readonly rights: "read" | "write";
  readonly throughput: SpeedClass;
  readonly latency: SpeedClass;
  /** Bus width in bytes. */
  readonly byteWidth: number;
  /** NPU clock divided by memory clock. */
  readonly freqRatio: number;
  readonly cacheable: boolean;
  readonly constantsPreferred: boolean;
  /** absolute addresses, or relative to where the application loads the network. */
  readonly mode: "absolute" | "relative";
  readonly offset: number;
  /** 0: the pool is not used; null: a relative pool without a limit. */
  readonly sizeBytes: Bytes | null;
  /** Unit that the file writes the size in. */
  readonly magnitude: Magnitude;
  /** Keys of the file that have no field here, as the file holds them. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly place: Place;
}

export interface CacheRecord {
  readonly lines: number;
  readonly lineBytes: Bytes;
  readonly associativity: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface PoolParameter {
  readonly name: string;
  readonly value: string;
  readonly magnitude: string | null;
}

export interface MpoolFile {
  readonly title: string;
  /** First part of the names of initializer files. */
  readonly filePrefix: string;
  readonly pools: readonly PoolRecord[];
  readonly cacheInfo: readonly CacheRecord[];
  readonly params: readonly PoolParameter[];
  readonly extra: Readonly<Record<string, unknown>>;
}

const MAGNITUDES = { BYTES: 1n, KBYTES: 1024n, MBYTES: 1024n * 1024n } as const;
export type Magnitude = keyof typeof MAGNITUDES;

const quantity = z.looseObject({
  value: z.union([
    z.string().regex(/^(0[xX][0-9a-fA-F]+|\d+)$/, "is not a whole number, decimal or 0x…"),
    z.number().int().nonnegative(),
  ]),
  magnitude: z.enum(["BYTES", "KBYTES", "MBYTES"]),
});

/** Files write flags as booleans, as "true" and as numbers. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]);

const properties = z.looseObject({
  rights: z.enum(["ACC_READ", "ACC_WRITE"]),
  throughput: z.enum(SPEED_CLASSES),
  latency: z.enum(SPEED_CLASSES),
  byteWidth: z.number().positive(),
  freqRatio: z.number().positive(),
  cacheable: z.enum(["CACHEABLE_ON", "CACHEABLE_OFF"]).optional(),
  constantsPreferred: flag.optional(),
});

const pool = z.looseObject({
  name: z.string().min(1),
  fname: z.string().min(1),
  fformat: z.string(),
  prop: properties,
  offset: quantity,
  size: quantity,
  mode: z.enum(["USEMODE_ABSOLUTE", "USEMODE_RELATIVE"]).optional(),
});

const cache = z.looseObject({
  nlines: z.number().int().positive(),
  linesize: z.number().int().positive(),
  associativity: z.number().int().positive(),
});

const document = z.looseObject({
  params: z
    .looseObject({
      param: z.array(
        z.looseObject({ paramname: z.string(), value: z.string(), magnitude: z.string().optional() }),
      ),
    })
    .optional(),
  memory: z.looseObject({
    cacheinfo: z.array(cache).optional(),
    memFilePrefix: z.string().optional(),
    mempools: z.array(pool).min(1),
  }),
});

const MEMORY_KEYS = Object.keys(document.shape.memory.shape);

/** Spellings that mean the same; the left one is what `document` reads. */
const SPELLINGS: Readonly<Record<string, string>> = {
  byte_width: "byteWidth",
  freq_ratio: "freqRatio",
  constants_preferred: "constantsPreferred",
  mem_file_prefix: "memFilePrefix",
  read_power: "readPower",
  write_power: "writePower",
};

function oneSpelling(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(oneSpelling);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [SPELLINGS[key] ?? key, oneSpelling(item)]),
  );
}

/** Returns the entries of `record` that are not among `known`. */
function without(record: Readonly<Record<string, unknown>>, known: readonly string[]) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !known.includes(key)));
}

function scaled({ value, magnitude }: z.infer<typeof quantity>): bigint {
  return BigInt(value) * MAGNITUDES[magnitude];
}

/**
 * Returns the pools of an `.mpool` file. Throws a DecodeError with line and column for text that is no JSON, for
 * missing keys and for values outside what the compiler documents; `lintMpool` judges the rest.
 */
export function readMpool(text: string, title = "memory pools"): MpoolFile {
  const json = parseJson(text, title);
  const parsed = document.safeParse(oneSpelling(json.value));
  const refuse = (path: JsonPath, problem: string, hint?: string) =>
    json.refuse({
      code: "MPOOL",
      what: "memory pools",
      path,
      problem,
      ...(hint === undefined ? {} : { hint }),
    });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refuse(
      issue.path as JsonPath,
      `is wrong: ${issue.message}`,
      "compare with the stock file of the compiler, stm32n6.mpool",
    );
  }
  const { memory, params } = parsed.data;

  const pools = memory.mempools.map((entry, index): PoolRecord => {
    const path: JsonPath = ["memory", "mempools", index];
    const relative = entry.mode === "USEMODE_RELATIVE";
    const offset = scaled(entry.offset);
    const size = scaled(entry.size);
    if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw refuse([...path, "offset"], `is ${offset}, expected an address`);
    }
    const unlimited = size > BigInt(Number.MAX_SAFE_INTEGER);
    if (unlimited && !relative) {
      throw refuse([...path, "size"], `is ${size} bytes, expected the size of a memory`);
    }
    return {
      name: entry.name,
      fname: entry.fname,
      format: entry.fformat,
      rights: entry.prop.rights === "ACC_READ" ? "read" : "write",
      throughput: entry.prop.throughput,
      latency: entry.prop.latency,
      byteWidth: entry.prop.byteWidth,
      freqRatio: entry.prop.freqRatio,
      cacheable: entry.prop.cacheable === "CACHEABLE_ON",
      constantsPreferred: entry.prop.constantsPreferred ?? false,
      mode: relative ? "relative" : "absolute",
      offset: Number(offset),
      sizeBytes: unlimited ? null : bytes(Number(size)),
      magnitude: entry.size.magnitude,
      extra: {
        ...without(entry, Object.keys(pool.shape)),
        ...without(entry.prop, Object.keys(properties.shape)),
      },
      place: json.locate(path),
    };
  });

  return {
    title,
    filePrefix: memory.memFilePrefix ?? "atonbuf",
    pools,
    cacheInfo: (memory.cacheinfo ?? []).map((entry) => ({
      lines: entry.nlines,
      lineBytes: bytes(entry.linesize),
      associativity: entry.associativity,
      extra: without(entry, Object.keys(cache.shape)),
    })),
    params: (params?.param ?? []).map((entry) => ({
      name: entry.paramname,
      value: entry.value,
      magnitude: entry.magnitude ?? null,
    })),
    extra: { ...without(parsed.data, Object.keys(document.shape)), ...without(memory, MEMORY_KEYS) },
  };
}
