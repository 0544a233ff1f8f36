import type { CommandOption } from "./report/records.js";

const WORD = /"([^"]*)"|(\S+)/g;
const OPTION = /^--?[A-Za-z]/;

/**
 * Returns the options of a command line, in order. A word that follows an option is its value; words that
 * follow none are left out: they are commands and files.
 *
 *   `atonn -O3 --Omax-ca-pipe 4 --mvei` → -O3, --Omax-ca-pipe = 4, --mvei
 */
export function parseOptions(commandLine: string): readonly CommandOption[] {
  const options: { name: string; value: string | null }[] = [];
  let open: { name: string; value: string | null } | null = null;
  for (const [, quoted, bare] of commandLine.matchAll(WORD)) {
    const word = quoted ?? bare ?? "";
    if (quoted === undefined && OPTION.test(word)) {
      open = { name: word, value: null };
      options.push(open);
    } else if (open) {
      open.value = word;
      open = null;
    }
  }
  return options;
}
