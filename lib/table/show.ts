import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { formatCell, headerOf, unitOf } from "./columns.js";
import { PAGER } from "./pager.js";

/** What is needed of a table to show it; Arquero's are such tables. */
export interface ShownTable {
  columnNames(): string[];
  numRows(): number;
  objects(options: { readonly limit: number }): object[];
}

export interface ShowOptions {
  /** Rows to show; the rest are counted in a last line. */
  readonly limit?: number;
  readonly caption?: string;
  /** Shows only the caption and the number of rows until it is opened; the rows are all there. */
  readonly folded?: boolean;
  /** Says below each column's name what it holds. */
  readonly types?: boolean;
}

/** Cells with more characters than this keep a readable width; the table scrolls instead. */
const LONG_TEXT = 36;

function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function rowsOf(table: ShownTable, limit: number): Record<string, unknown>[] {
  return table.objects({ limit }) as Record<string, unknown>[];
}

function isNumeric(rows: readonly Record<string, unknown>[], column: string): boolean {
  return unitOf(column) !== undefined || rows.some((row) => typeof row[column] === "number");
}

/** Rows of a page; tables with more are turned over page by page where scripts run, and scroll elsewhere. */
const PAGE_ROWS = 50;

/** Returns the table as HTML: units in the header, numbers to the right, every value escaped. */
export function tableToHtml(
  table: ShownTable,
  { limit = 50, caption, folded = false, types = false }: ShowOptions = {},
): string {
  const columns = table.columnNames();
  const rows = rowsOf(table, limit);
  const side = new Map(columns.map((column) => [column, isNumeric(rows, column) ? "right" : "left"]));
  const align = (column: string) => `text-align: ${side.get(column)}`;
  const header = (column: string) => {
    const type = types ? `<br><small>${escapeHtml(typeOf(rows, column))}</small>` : "";
    return `<th scope="col" style="${align(column)}${widthOf(headerOf(column))}">${escapeHtml(headerOf(column))}${type}</th>`;
  };
  const cell = (column: string, text: string) =>
    `<td style="${align(column)}${widthOf(text) || "; white-space: nowrap"}">${escapeHtml(text)}</td>`;
  const head = columns.map(header).join("");
  const body = rows
    .map(
      (row) => `<tr>${columns.map((column) => cell(column, formatCell(column, row[column]))).join("")}</tr>`,
    )
    .join("\n");
  const hidden = table.numRows() - rows.length;
  const more =
    hidden > 0 ? `\n<tfoot><tr><td colspan="${columns.length}">… ${hidden} more rows</td></tr></tfoot>` : "";
  const title = caption === undefined || folded ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  const html = `<table>${title}<thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody>${more}</table>`;
  if (folded)
    return `<details><summary>${escapeHtml(caption ?? "Table")} (${table.numRows()} rows)</summary>\n${html}</details>`;
  if (rows.length <= PAGE_ROWS) return html;
  return `<div class="npulab-pages" data-rows="${PAGE_ROWS}" style="max-height: 40em; overflow: auto">${html}</div>\n<script>${PAGER}</script>`;
}

function widthOf(text: string): string {
  return text.length > LONG_TEXT ? "; min-width: 18em" : "";
}

/** Returns what a column holds, in one word; of mixed columns all of them. */
function typeOf(rows: readonly Record<string, unknown>[], column: string): string {
  const found = new Set<string>();
  for (const row of rows) {
    const value = row[column];
    if (value === null || value === undefined) continue;
    found.add(value instanceof Date ? "date" : Array.isArray(value) ? "list" : typeof value);
  }
  return [...found].join(" or ") || "empty";
}

/** Returns the table as aligned text. */
export function tableToText(table: ShownTable, { limit = 50, caption }: ShowOptions = {}): string {
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
export function show(table: ShownTable, options: ShowOptions = {}): Displayable {
  return {
    [JUPYTER_DISPLAY]: () => ({
      "text/html": tableToHtml(table, options),
      "text/plain": tableToText(table, options),
    }),
  };
}
