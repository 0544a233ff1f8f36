/**
 * The table of the imported graph. Columns stand where the ruled line draws them:
 *
 *   m_id   layer (original)      oshape               param/size     macc    connected to
 *   ------ --------------------- -------------------- ---------- -------- ---------------
 *   0      conv2d_0 (CONV_2D)    [b:1,h:8,w:8,c:16]   448/496      28,672           input
 */
import { type Bytes, bytes } from "../../../units.js";
import type { LineCursor } from "../lines.js";
import type { GraphRow, GraphTable } from "./records.js";

export const GRAPH_TABLE = /^Model name - (.*\S)\s*$/;

const RULED = /^-{3,}( -{3,})+\s*$/;
const TOTALS = /^model(?:\/c-model)?: (macc=.*)$/;
const NAME = /^(.*?) \(([^()]*)\)$/;
const COUNTED = /^([\d,]+)\/([\d,]+)$/;
const AXIS = /^([A-Za-z]+):(\d+)$/;
const KNOWN = ["m_id", "layer", "oshape", "param/size", "macc", "connected to"] as const;

interface Column {
  readonly title: string;
  readonly start: number;
  readonly end: number;
}

function columnsOf(ruled: string, header: string): readonly Column[] {
  const starts = [...ruled.matchAll(/-+/g)].map(({ index }) => index);
  return starts.map((start, position) => {
    const end = starts[position + 1] ?? Number.POSITIVE_INFINITY;
    const title = header.slice(start, end).trim().replace(/^\| /, "");
    return { title: title.startsWith("layer") ? "layer" : title, start, end };
  });
}

function readShape(cursor: LineCursor, text: string): GraphRow["shape"] {
  const body = /^\[(.*)\]$/.exec(text)?.[1];
  if (body === undefined) throw cursor.refuse("oshape", "a shape such as [b:1,c:10]", `'${text}'`);
  if (body === "") return [];
  return body.split(",").map((part) => {
    const [, axis, size] = AXIS.exec(part) ?? [];
    if (axis === undefined || size === undefined) {
      throw cursor.refuse("oshape", "a shape such as [b:1,c:10]", `'${text}'`);
    }
    return { axis, size: cursor.whole(size, "oshape") };
  });
}

function readRow(cursor: LineCursor, cells: Readonly<Record<string, string>>, lastId: number): GraphRow {
  const counted = COUNTED.exec(cells["param/size"] ?? "");
  const name = NAME.exec(cells.layer ?? "");
  if (!name) throw cursor.refuse("layer", "a name and an operator in parentheses");
  // CPU targets print `(Conv2D, CONV_2D)`: what it became, then what it was.
  const operator = name[2]!.split(",").at(-1)!.trim();
  const extra = Object.entries(cells).filter(
    ([title, text]) => text !== "" && !(KNOWN as readonly string[]).includes(title),
  );
  return {
    id: cells.m_id ? cursor.whole(cells.m_id, "m_id") : lastId,
    name: name[1]!,
    operator,
    shape: readShape(cursor, cells.oshape ?? ""),
    params: counted ? cursor.whole(counted[1]!, "param/size") : null,
    paramBytes: counted ? bytes(cursor.whole(counted[2]!, "param/size")) : null,
    macs: cells.macc ? cursor.whole(cells.macc, "macc") : null,
    inputs: cells["connected to"] ? [cells["connected to"]] : [],
    extra: Object.fromEntries(extra),
  };
}

/** Returns the graph table whose title line has been taken. Throws a DecodeError with the line. */
export function readGraphTable(cursor: LineCursor, name: string): GraphTable {
  cursor.content();
  const header = cursor.expect(/^m_id +layer.*$/, "graph table", "its header, m_id, layer and so on")[0];
  const ruled = cursor.take(RULED);
  if (!ruled) throw cursor.refuse("graph table", "a ruled line below its header");
  const columns = columnsOf(ruled[0], header);
  const rows: GraphRow[] = [];
  for (;;) {
    const line = cursor.content();
    const totals = cursor.take(TOTALS);
    if (totals) return { name, rows, ...readTotals(cursor, totals[1]!) };
    if (line === null) throw cursor.refuse("graph table", "its last line, model: macc=…");
    const cells = Object.fromEntries(
      columns.map(({ title, start, end }) => [
        title,
        line.text
          .slice(start, end)
          .replace(/^\| ?|\s\|\s*$/g, "")
          .trim(),
      ]),
    );
    const last = rows.at(-1);
    const input = cells["connected to"];
    if (last && !cells.layer && !cells.m_id && input) {
      rows[rows.length - 1] = { ...last, inputs: [...last.inputs, input] };
    } else {
      rows.push(readRow(cursor, cells, last?.id ?? 0));
    }
    cursor.take(/^/);
  }
}

function readTotals(cursor: LineCursor, text: string): Omit<GraphTable, "name" | "rows"> {
  const totals = Object.fromEntries(
    [...text.matchAll(/(\w+)=(.*?)(?= \w+=|$)/g)].map(([, key, value]) => [key!, value!.trim()]),
  );
  // Before the slash: the graph; behind it: what was made of it.
  const before = (key: string) => {
    const [figure] = /^[\d,]+/.exec(totals[key] ?? "") ?? [];
    return figure === undefined ? null : cursor.whole(figure, key);
  };
  const weights = before("weights");
  return { totals, macs: before("macc"), weightBytes: weights === null ? null : (bytes(weights) as Bytes) };
}
