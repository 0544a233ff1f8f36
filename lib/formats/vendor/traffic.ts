/**
 * The compiler's table of traffic (`--csv-file`): per epoch and memory pool, bytes and cycles that it reckons with.
 *
 *   epochs,octoFlash (r),octoFlash (w),…,bus port 1 (r),…,epoch OPS,…,max (cycles),…
 *   3 ,1600,0,…
 *   Total,9921732,…
 *   Total cycles,91893224
 */
import { type Cycles, cycles } from "../../units.js";
import { LineCursor, type PrintedSize } from "./lines.js";

export interface PoolTraffic {
  readonly pool: string;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readCycles: Cycles;
  readonly writeCycles: Cycles;
}

export interface EpochTraffic {
  /** Epoch 0 stands for what is there before the first. */
  readonly epoch: number;
  readonly pools: readonly PoolTraffic[];
  readonly ops: number;
  readonly computeCycles: Cycles;
  /** What the compiler takes the epoch to last. */
  readonly maxCycles: Cycles;
  /** All other columns, by their header. */
  readonly further: Readonly<Record<string, number>>;
}

export interface PoolSummary {
  readonly pool: string;
  /** null for a pool that is not used. */
  readonly used: PrintedSize | null;
  readonly bytesPerSecond: number | null;
}

export interface TrafficTable {
  readonly title: string;
  readonly epochs: readonly EpochTraffic[];
  /** Sums over all epochs, by column; the last columns have none. */
  readonly sums: Readonly<Record<string, number>>;
  /** Bytes per second, by column. */
  readonly bandwidths: Readonly<Record<string, number>>;
  readonly used: readonly PoolSummary[];
  /** The lines below the table: `Total cycles`, `Frames/sec(1000 MHz)`. */
  readonly totals: Readonly<Record<string, number>>;
}

export const TRAFFIC_HEADER = /^epochs,.*\(r\).*$/;

const POOL_COLUMN = /^(.*) \(r cycles\)$/;
const POOL_SUMMARY = /^(\S+) , (?:\?|([\d.]+) ([KMG]?B) , total bytes r\/w BW,([\d.e+-]+))\s*$/;
/** As the compiler spells it. */
const COLUMNS = { ops: "epoch OPS", compute: "epoch compute (cyles)", most: "max (cycles)" } as const;

/** Returns the cells of the next line by column; the line may stop short of the last columns. */
function readSums(
  cursor: LineCursor,
  header: readonly string[],
  line: RegExp,
): Readonly<Record<string, number>> {
  const [name, ...cells] = cursor
    .expect(line, "the list of epochs", "another epoch, then Total and BW")[0]
    .split(",");
  if (cells.length === 0 || cells.length >= header.length) {
    throw cursor.refuse(
      `the line ${name}`,
      `at most ${header.length - 1}, as the header has`,
      `${cells.length} figures long`,
    );
  }
  const figures = cells.flatMap((cell, index) => {
    const column = header[index + 1]!;
    return cell.trim() === "" ? [] : [[column, cursor.real(cell.trim(), column)] as const];
  });
  return Object.fromEntries(figures);
}

/** Returns the table. Throws a DecodeError with the line for another header, a short row or a word for a number. */
export function parseTraffic(text: string, title = "traffic.csv"): TrafficTable {
  const cursor = new LineCursor(text, { title, what: "traffic table", code: "TRAFFIC" });
  const header = cursor
    .expect(TRAFFIC_HEADER, "its header", "epochs, then a pool's columns (r), (w) and so on")[0]
    .split(",");
  const pools = header.flatMap((column) => POOL_COLUMN.exec(column)?.[1] ?? []);
  const poolColumns = (pool: string) => ({
    readBytes: `${pool} (r)`,
    writeBytes: `${pool} (w)`,
    readCycles: `${pool} (r cycles)`,
    writeCycles: `${pool} (w cycles)`,
  });
  const read = new Set<string>([
    "epochs",
    ...Object.values(COLUMNS),
    ...pools.flatMap((pool) => Object.values(poolColumns(pool))),
  ]);
  const wanted = [...read].find((column) => !header.includes(column));
  if (wanted !== undefined) throw cursor.refuse("its header", `a column '${wanted}'`, "without it");

  const epochs: EpochTraffic[] = [];
  for (let row = cursor.take(/^\d.*$/); row; row = cursor.take(/^\d.*$/)) {
    const cells = row[0].split(",");
    const epoch = cursor.whole(cells[0]!.trim(), "epoch");
    if (cells.length !== header.length) {
      throw cursor.refuse(
        `epoch ${epoch}`,
        `${header.length}, as the header has`,
        `${cells.length} cells long`,
      );
    }
    const values = new Map(
      header.map((column, index) => [
        column,
        index === 0 ? epoch : cursor.real(cells[index]!.trim(), column),
      ]),
    );
    const amount = (column: string): number => {
      const value = values.get(column)!;
      if (value >= 0) return value;
      throw cursor.refuse(`epoch ${epoch}, ${column}`, "zero or more", String(value));
    };
    epochs.push({
      epoch,
      pools: pools.map((pool) => {
        const columns = poolColumns(pool);
        return {
          pool,
          readBytes: amount(columns.readBytes),
          writeBytes: amount(columns.writeBytes),
          readCycles: cycles(amount(columns.readCycles)),
          writeCycles: cycles(amount(columns.writeCycles)),
        };
      }),
      ops: amount(COLUMNS.ops),
      computeCycles: cycles(amount(COLUMNS.compute)),
      maxCycles: cycles(amount(COLUMNS.most)),
      further: Object.fromEntries([...values].filter(([column]) => !read.has(column))),
    });
  }

  const sums = readSums(cursor, header, /^Total ?,.*$/);
  const bandwidths = readSums(cursor, header, /^BW ?,.*$/);
  const used: PoolSummary[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(POOL_SUMMARY);
    if (!found) break;
    const [, pool, size, unit, rate] = found;
    used.push({
      pool: pool!,
      used: size === undefined ? null : cursor.size(size, unit!, pool!),
      bytesPerSecond: rate === undefined ? null : cursor.real(rate, pool!),
    });
  }
  const totals: Record<string, number> = {};
  for (;;) {
    if (cursor.content() === null) break;
    const [, name, value] = cursor.expect(/^([^,]+),([^,]+)$/, "a total", "a name and a number");
    totals[name!] = cursor.real(value!.trim(), name!);
  }
  if (Object.keys(totals).length === 0) throw cursor.refuse("the totals", "lines such as Total cycles,…");
  return { title, epochs, sums, bandwidths, used, totals };
}
