import type { MimeBundle } from "../display.js";

/** A report is a list of blocks: text in Markdown, or a value that shows itself. */
export type Block =
  | { readonly kind: "markdown"; readonly text: string }
  | { readonly kind: "display"; readonly bundle: MimeBundle };

/** Returns a name from a file as a Markdown code span that it cannot break out of. */
export function code(text: string): string {
  const clean = text.replace(/[\r\n]+/g, " ");
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = clean.startsWith("`") || clean.endsWith("`") ? " " : "";
  return `${fence}${pad}${clean}${pad}${fence}`;
}
