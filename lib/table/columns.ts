/**
 * Column names carry their unit: the suffix decides how numbers are written in HTML and text. The table keeps
 * the plain numbers.
 */
export interface ColumnUnit {
  readonly suffix: string;
  /** What stands in the header instead of the suffix. */
  readonly label: string;
  format(value: number): string;
}

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const PERCENT = new Intl.NumberFormat("en-US", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const SIGNIFICANT = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

export const COLUMN_UNITS: readonly ColumnUnit[] = [
  { suffix: "_bytes", label: "B", format: (value) => WHOLE.format(value) },
  { suffix: "_ms", label: "ms", format: (value) => SIGNIFICANT.format(value) },
  { suffix: "_share", label: "%", format: (value) => PERCENT.format(value).replace("%", "") },
  { suffix: "_ratio", label: "×", format: (value) => value.toFixed(3) },
  { suffix: "_macs", label: "MAC", format: (value) => WHOLE.format(value) },
];

/** Returns the unit that a column's name ends in; undefined for plain columns. */
export function unitOf(column: string): ColumnUnit | undefined {
  return COLUMN_UNITS.find((unit) => column.endsWith(unit.suffix));
}

/** Returns the header of a column: `image_bytes` → `image (B)`, `by_epochs_share` → `by epochs (%)`. */
export function headerOf(column: string): string {
  const unit = unitOf(column);
  const name = unit ? column.slice(0, -unit.suffix.length) : column;
  const words = name
    .replaceAll("_", " ")
    .replace(/[a-z][A-Z]/g, ([low, high]) => `${low} ${high!.toLowerCase()}`);
  return unit ? `${words} (${unit.label})` : words;
}

/** Returns a cell as people read it; an empty string for nothing. */
export function formatCell(column: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") {
    const unit = unitOf(column);
    if (unit) return unit.format(value);
    return Number.isInteger(value) ? WHOLE.format(value) : SIGNIFICANT.format(value);
  }
  return Array.isArray(value) ? value.join(", ") : String(value);
}
