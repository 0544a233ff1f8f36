/**
 * The text reports of ST Edge AI Core: `network_generate_report.txt`, analyze and validate reports, and console
 * logs that hold both. Sections are told by their titles, so their order, and what stands between them, is free.
 */
import { parseOptions } from "../command-line.js";
import { LineCursor } from "../lines.js";
import { EPOCH_DETAILS, readEpochDetails } from "./epoch-details.js";
import { EXEC_SUMMARY, readExecSummary } from "./exec-summary.js";
import { GRAPH_TABLE, readGraphTable } from "./graph-table.js";
import {
  COMPILATION,
  MEMORY_USE,
  readCompilation,
  readMemoryUse,
  readUsedRanges,
  USED_RANGES,
} from "./memory-use.js";
import { MODULE_TABLE, readModuleTable } from "./module-table.js";
import type { ReportKind, ToolStamp, Validation, VendorReport } from "./records.js";
import {
  clocksOf,
  PROFILING,
  RUNNER_SUMMARY,
  readEntries,
  readTimes,
  TIME_PER_NODE,
  timesOf,
} from "./validation.js";

const TOOL = /^\s*ST Edge AI Core v((\d+\.\d+)\.\S+)(?: (\w+))?\s*$/;
const CREATED = /^Created date\s+: (.*\S)\s*$/;
const PARAMETERS = /^Parameters\s+: (.*\S)\s*$/;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Draft extends Mutable<Omit<VendorReport, "title" | "kind" | "tool" | "validation" | "unread">> {
  tool: ToolStamp | null;
  validation: Mutable<Validation> | null;
}

interface Section {
  readonly opens: RegExp;
  /** Whether the draft already has it: what comes again is kept as unread lines. */
  readonly filled: (draft: Draft) => boolean;
  readonly read: (cursor: LineCursor, found: RegExpExecArray, draft: Draft) => void;
}

const validationOf = (draft: Draft): Mutable<Validation> => {
  draft.validation ??= { samples: null, ms: null, nodes: [], clocks: {}, device: [] };
  return draft.validation;
};

const SECTIONS: readonly Section[] = [
  {
    opens: TOOL,
    filled: ({ tool }) => tool !== null,
    read: (_, found, draft) => {
      draft.tool = { version: found[1]!, release: found[2]!, commit: found[3] ?? "" };
    },
  },
  {
    opens: CREATED,
    filled: ({ created }) => created !== null,
    read: (_, found, draft) => {
      draft.created = found[1]!;
    },
  },
  {
    opens: PARAMETERS,
    filled: ({ commandLine }) => commandLine !== null,
    read: (_, found, draft) => {
      draft.commandLine = found[1]!;
      draft.options = parseOptions(found[1]!);
    },
  },
  {
    opens: EXEC_SUMMARY,
    filled: ({ summary }) => summary !== null,
    read: (cursor, found, draft) => {
      draft.summary = readExecSummary(cursor, found[1]!);
    },
  },
  {
    opens: GRAPH_TABLE,
    filled: ({ graph }) => graph !== null,
    read: (cursor, found, draft) => {
      draft.graph = readGraphTable(cursor, found[1]!);
    },
  },
  {
    opens: COMPILATION,
    filled: ({ compilation }) => compilation !== null,
    read: (cursor, _, draft) => {
      draft.compilation = readCompilation(cursor);
    },
  },
  {
    opens: MEMORY_USE,
    filled: ({ memory }) => memory !== null,
    read: (cursor, _, draft) => {
      draft.memory = readMemoryUse(cursor);
    },
  },
  {
    opens: USED_RANGES,
    filled: ({ ranges }) => ranges.length > 0,
    read: (cursor, _, draft) => {
      draft.ranges = readUsedRanges(cursor);
    },
  },
  {
    opens: EPOCH_DETAILS,
    filled: ({ epochs }) => epochs !== null,
    read: (cursor, _, draft) => {
      draft.epochs = readEpochDetails(cursor);
    },
  },
  {
    opens: MODULE_TABLE,
    filled: ({ modules }) => modules !== null,
    read: (cursor, found, draft) => {
      draft.modules = readModuleTable(cursor, found[1]!);
    },
  },
  {
    opens: RUNNER_SUMMARY,
    filled: ({ validation }) => (validation?.device.length ?? 0) > 0,
    read: (cursor, _, draft) => {
      const device = readEntries(cursor);
      Object.assign(validationOf(draft), { device, clocks: clocksOf(device) });
    },
  },
  {
    opens: PROFILING,
    filled: ({ validation }) => (validation?.ms ?? null) !== null,
    read: (cursor, _, draft) => {
      Object.assign(validationOf(draft), timesOf(cursor, readEntries(cursor)));
    },
  },
  {
    opens: TIME_PER_NODE,
    filled: ({ validation }) => (validation?.nodes.length ?? 0) > 0,
    read: (cursor, _, draft) => {
      validationOf(draft).nodes = readTimes(cursor);
    },
  },
];

const isKind = (word: string | undefined): word is ReportKind =>
  word === "generate" || word === "analyze" || word === "validate";

function kindOf({ commandLine, summary, validation }: Draft): ReportKind | null {
  const word = commandLine?.split(" ")[0] ?? (validation ? "validate" : summary?.command);
  return isKind(word) ? word : null;
}

/** Throws a DecodeError when a section is missing that every whole report of its kind has. */
function requireWhole(cursor: LineCursor, draft: Draft, kind: ReportKind): void {
  const { options, compilation, graph, summary } = draft;
  const forNpu = options.some(({ name }) => name === "--st-neural-art") && kind !== "validate";
  const missing: readonly (readonly [boolean, string, string])[] = [
    [
      graph === null && summary === null,
      "what the network is",
      "a section 'Model name' or 'Exec/report summary'",
    ],
    [forNpu && compilation === null, "what was compiled", "a section 'Compilation details'"],
    [
      compilation !== null && draft.memory === null,
      "the use of memory",
      "a section 'Memory usage information'",
    ],
    [compilation !== null && draft.epochs === null, "the list of epochs", "a section 'Epochs details'"],
    [
      kind === "validate" && (draft.validation?.ms ?? null) === null,
      "what was measured",
      "a section 'Profiling results'",
    ],
  ];
  for (const [lacks, path, expected] of missing) {
    if (lacks) throw cursor.refuse(path, expected, "missing");
  }
}

/** Returns whether a text says of itself that ST Edge AI Core wrote it. */
export function isReport(text: string): boolean {
  return /^\s*ST Edge AI Core v\d/m.test(text);
}

/**
 * Returns what a report says. Reads the layouts of tools 2.1 to 4.0, for the NPU and for CPUs; lines that have
 * no field are listed in `unread`. Throws a DecodeError with the line for text that is no such report, or that
 * is cut short.
 */
export function parseReport(text: string, title = "report"): VendorReport {
  const cursor = new LineCursor(text, { title, what: "report", code: "REPORT" });
  const draft: Draft = {
    tool: null,
    created: null,
    commandLine: null,
    options: [],
    graph: null,
    summary: null,
    compilation: null,
    memory: null,
    ranges: [],
    epochs: null,
    modules: null,
    validation: null,
  };
  while (cursor.line !== null) {
    const section = SECTIONS.find(({ opens, filled }) => opens.test(cursor.line!.text) && !filled(draft));
    const found = section && cursor.take(section.opens);
    if (found) section.read(cursor, found, draft);
    else cursor.pass();
  }
  const { tool } = draft;
  if (tool === null) throw cursor.refuse("the tool's name", "a line 'ST Edge AI Core v…'", "missing");
  const kind = kindOf(draft);
  if (kind === null)
    throw cursor.refuse("the command", "generate, analyze or validate", "missing or another");
  requireWhole(cursor, draft, kind);
  return { ...draft, title, kind, tool, unread: cursor.unread };
}
