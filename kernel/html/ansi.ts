/** Terminal text as HTML: colours become classes, carriage returns overwrite as they do in a terminal. */
import { AnsiUp } from "ansi_up";

export function ansiHtml(text: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true;
  converter.url_allowlist = {};
  return converter.ansi_to_html(overwritten(text));
}

/** A progress bar rewrites its line: `10 %\r50 %\r100 %\n` reads `100 %`. */
function overwritten(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.split("\r").findLast((part) => part !== "") ?? "")
    .join("\n");
}
