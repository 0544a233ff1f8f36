/** Compiler profiles (`user_neuralart.json`): JSON in which the tool takes comments. */
import { z } from "zod";
import { parseOptions } from "./command-line.js";
import { type JsonPath, parseJson, type Unread } from "./json.js";
import type { CommandOption } from "./report/records.js";
import { unknownKeys } from "./unknown-keys.js";

export interface NeuralArtProfile {
  readonly name: string;
  /** Path of the `.mpool` file, as written. */
  readonly memoryPool: string | null;
  readonly machineDescription: string | null;
  readonly commandLine: string;
  readonly options: readonly CommandOption[];
}

export interface NeuralArtProfiles {
  readonly title: string;
  readonly globals: Readonly<Record<string, unknown>>;
  readonly profiles: readonly NeuralArtProfile[];
  readonly unread: readonly Unread[];
}

const profile = z.looseObject({
  memory_pool: z.string().optional(),
  machine_desc: z.string().optional(),
  options: z.string().optional(),
});
const document = z.looseObject({
  Globals: z.record(z.string(), z.unknown()).optional(),
  Profiles: z.record(z.string(), profile),
});

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Returns the text with blanks for comments: every other character keeps its place. */
function blankComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (match) =>
    match.startsWith('"') ? match : match.replace(/[^\n]/g, " "),
  );
}

/** Returns the profiles of a file, in its order. Throws a DecodeError with line and column. */
export function parseNeuralArtProfiles(text: string, title = "user_neuralart.json"): NeuralArtProfiles {
  const json = parseJson(blankComments(text), title);
  const parsed = document.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw json.refuse({
      code: "PROFILES",
      what: "compiler profiles",
      path: issue.path as JsonPath,
      problem: `is wrong: ${issue.message}`,
      hint: 'expected { "Profiles": { "<name>": { "memory_pool": …, "options": … } } }',
    });
  }
  const { Globals: globals = {}, Profiles: profiles } = parsed.data;
  return {
    title,
    globals,
    profiles: Object.entries(profiles).map(([name, entry]) => ({
      name,
      memoryPool: entry.memory_pool ?? null,
      machineDescription: entry.machine_desc ?? null,
      commandLine: entry.options ?? "",
      options: parseOptions(entry.options ?? ""),
    })),
    unread: [
      ...unknownKeys(document, json.value),
      ...Object.entries(profiles).flatMap(([name, entry]) => unknownKeys(profile, entry, ["Profiles", name])),
    ],
  };
}
