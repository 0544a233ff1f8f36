import type { ColumnTable } from "arquero";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { formatCell, headerOf, unitOf } from "./columns.js";

export interface ShowOptions {
  /** Rows to show; the rest are counted in a last line. */
  readonly limit?: number;
  readonly caption?: string;
  /** Shows only the caption and the number of rows until it is opened; the rows are all there. */
  readonly folded?: boolean;
}

/** Cells with more characters than this keep a readable width; the table scrolls instead. */
const LONG_TEXT = 36;

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function rowsOf(table: ColumnTable, limit: number): Record<string, unknown>[] {
  return table.objects({ limit }) as Record<string, unknown>[];
}

function isNumeric(rows: readonly Record<string, unknown>[], column: string): boolean {
  return unitOf(column) !== undefined || rows.some((row) => typeof row[column] === "number");
}

/** Returns the table as HTML: units in the header, numbers to the right, every value escaped. */
export function tableToHtml(
  table: ColumnTable,
  { limit = 50, caption, folded = false }: ShowOptions = {},
): string {
  const columns = table.columnNames();
  const rows = rowsOf(table, limit);
  const side = new Map(columns.map((column) => [column, isNumeric(rows, column) ? "right" : "left"]));
  const cell = (tag: "td" | "th", column: string, text: string) => {
    const width = text.length > LONG_TEXT ? "; min-width: 18em" : tag === "td" ? "; white-space: nowrap" : "";
    return `<${tag}${tag === "th" ? ' scope="col"' : ""} style="text-align: ${side.get(column)}${width}">${escapeHtml(text)}</${tag}>`;
  };
  const head = columns.map((column) => cell("th", column, headerOf(column))).join("");
  const body = rows
    .map(
      (row) =>
        `<tr>${columns.map((column) => cell("td", column, formatCell(column, row[column]))).join("")}</tr>`,
    )
    .join("\n");
  const hidden = table.numRows() - rows.length;
  const more = hidden > 0 ? `\n<tr><td colspan="${columns.length}">… ${hidden} more rows</td></tr>` : "";
  const title = caption === undefined || folded ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  const html = `<table>${title}<thead><tr>${head}</tr></thead>\n<tbody>${body}${more}</tbody></table>`;
  if (!folded) return html;
  return `<details><summary>${escapeHtml(caption ?? "Table")} (${table.numRows()} rows)</summary>\n${html}</details>`;
}

/** Returns the table as aligned text. */
export function tableToText(table: ColumnTable, { limit = 50, caption }: ShowOptions = {}): string {
  const columns = table.columnNames();
  const rows = rowsOf(table, limit);
  const lines = [
    columns.map(headerOf),
    ...rows.map((row) => columns.map((column) => formatCell(column, row[column]))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? "").length)));
  const align = (line: readonly string[]) =>
    line
      .map((text, index) =>
        isNumeric(rows, columns[index]!) ? text.padStart(widths[index]!) : text.padEnd(widths[index]!),
      )
      .join("  ")
      .trimEnd();
  const hidden = table.numRows() - rows.length;
  return [
    ...(caption === undefined ? [] : [caption]),
    align(lines[0]!),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...lines.slice(1).map(align),
    ...(hidden > 0 ? [`… ${hidden} more rows`] : []),
  ].join("\n");
}

/**
 * Returns a table that shows itself in a notebook, with units in its header.
 *
 * @example
 * ```ts
 * import { show, romTable } from "npulab";
 * show(romTable(analyses), { caption: "ROM before and after packing" });
 * ```
 */
export function show(table: ColumnTable, options: ShowOptions = {}): Displayable {
  return {
    [JUPYTER_DISPLAY]: () => ({
      "text/html": tableToHtml(table, options),
      "text/plain": tableToText(table, options),
    }),
  };
}
