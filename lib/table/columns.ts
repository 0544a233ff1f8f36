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

/** Made when the first number is written: the first of them loads megabytes of locales. */
function formatter(options: Intl.NumberFormatOptions): (value: number) => string {
  let made: Intl.NumberFormat | undefined;
  return (value) => {
    made ??= new Intl.NumberFormat("en-US", options);
    return made.format(value);
  };
}

const whole = formatter({ maximumFractionDigits: 0 });
const percent = formatter({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const significant = formatter({ maximumSignificantDigits: 3 });

export const COLUMN_UNITS: readonly ColumnUnit[] = [
  { suffix: "_bytes", label: "B", format: whole },
  { suffix: "_ms", label: "ms", format: significant },
  { suffix: "_share", label: "%", format: (value) => percent(value).replace("%", "") },
  { suffix: "_ratio", label: "×", format: (value) => value.toFixed(3) },
  { suffix: "_macs", label: "MAC", format: whole },
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
    return Number.isInteger(value) ? whole(value) : significant(value);
  }
  return Array.isArray(value) ? value.join(", ") : String(value);
}
