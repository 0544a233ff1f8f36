/**
 * What the two threads of the kernel and its language process say to each other.
 *
 *     wire  ── CompileRequest … ─▶ language        wire ── Execute, AskStop, Ping ─▶ main (the user's code)
 *     wire  ◀─ LanguageReply ──── language         wire ◀─ Output, Done, Exit … ──── main
 *
 * Only the wire knows Jupyter; the other two know cells. The language is a process of its own because only a
 * process can start from a snapshot (language/snapshot.ts).
 */
import type { CellMap } from "./language/cell-map.js";
import type { JsonObject } from "./protocol/message.js";

/** What the wire thread is started with. */
export interface WireData {
  readonly connectionFile: string;
  readonly folder: string;
  /** The room for output on its way (flow.ts). */
  readonly flow: SharedArrayBuffer;
  /** Bytes that V8 gives the heap of the cells' thread before it ends the process. */
  readonly heapLimit: number;
}

/** A MIME bundle: one value in several representations; the front end takes the richest it knows. */
export interface MimeBundle {
  readonly data: JsonObject;
  readonly metadata: JsonObject;
}

export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** JavaScript ready to run, with what is needed to speak of it in the lines of its source. */
export interface CompiledModule {
  /** A cell: `__cell_7`; a file: its absolute path. */
  readonly id: string;
  readonly js: string;
  /** Source map, JSON text, from `js` to the module text the compiler saw. */
  readonly sourceMap: string;
  readonly source: string;
  /** From the module text back to the cell; absent for files, which are compiled as they are. */
  readonly cellMap?: CellMap;
}

export interface CompiledCell {
  readonly ok: true;
  readonly module: CompiledModule;
  readonly values: readonly string[];
  readonly types: readonly string[];
  /** Local TypeScript files that this cell reaches and that are new or have changed. */
  readonly files: readonly CompiledModule[];
  /** Modules of earlier cells that nothing can reach by name any more. */
  readonly dropped: readonly string[];
}

export interface CellDiagnostic {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly code: number;
  readonly message: string;
  /** The source line; empty when the place is in no line. */
  readonly source: string;
  /** Absent when the place is in the cell itself. */
  readonly file?: string;
}

export interface RefusedCell {
  readonly ok: false;
  readonly diagnostics: readonly CellDiagnostic[];
}

export type Compiled = CompiledCell | RefusedCell;

export interface Completions {
  readonly matches: readonly { readonly text: string; readonly kind: string }[];
  /** Offsets in UTF-16 units, half open. */
  readonly start: number;
  readonly end: number;
}

export interface Inspection {
  readonly signature: string;
  readonly documentation: string;
}

export type Completeness =
  | { readonly status: "complete" | "invalid" }
  | { readonly status: "incomplete"; readonly indent: string };

export type LanguageRequest =
  | { readonly op: "compile"; readonly code: string }
  | { readonly op: "complete" | "inspect"; readonly code: string; readonly position: number }
  | { readonly op: "isComplete"; readonly code: string };

export interface LanguageReplies {
  compile: Compiled;
  complete: Completions;
  inspect: Inspection | null;
  isComplete: Completeness;
}

export type ToLanguage =
  | { readonly id: number; readonly request: LanguageRequest }
  | { readonly commit: { readonly module: string; readonly names: readonly string[] } };
export type FromLanguage =
  /** Said once, when it listens. */
  | { readonly ready: true }
  | ({ readonly id: number } & ({ readonly reply: unknown } | { readonly failure: string }));

export interface Execution {
  readonly op: "execute";
  readonly cell: CompiledCell;
  readonly executionCount: number;
}
/** A message of a comm, in whichever direction. */
export type CommEvent = "open" | "message" | "close";
export interface CommTraffic {
  readonly op: "comm";
  /** Whose output it is, or what the handler's outputs are called. */
  readonly cell: string;
  readonly event: CommEvent;
  readonly comm: string;
  readonly target: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly buffers: readonly Uint8Array[];
}

export type ToMain =
  | Execution
  | (CommTraffic & { readonly id: number })
  /** The running cell ends with `error`, whatever it waits for. */
  | { readonly op: "askStop"; readonly error: CellError }
  | { readonly op: "ping"; readonly id: number }
  | { readonly op: "leave"; readonly code: number };

export type DisplayType = "display_data" | "update_display_data" | "clear_output";

export type FromMain =
  | {
      readonly op: "print";
      /** The module id of the cell that wrote it; empty before the first. */
      readonly cell: string;
      readonly name: "stdout" | "stderr";
      readonly text: string;
    }
  | {
      readonly op: "display";
      readonly cell: string;
      readonly type: DisplayType;
      /** The content of the message, as JSON text. */
      readonly json: string;
    }
  | CommTraffic
  | { readonly op: "commTarget"; readonly target: string; readonly registered: boolean }
  | { readonly op: "commHandled"; readonly id: number }
  | {
      readonly op: "done";
      readonly cell: string;
      readonly result?: MimeBundle;
      readonly error?: CellError;
      /** Names that have a value now; of a failed cell, only those it reached. */
      readonly defined: readonly string[];
    }
  | { readonly op: "pong"; readonly id: number }
  | {
      readonly op: "input";
      readonly cell: string;
      readonly prompt: string;
      readonly password: boolean;
      readonly answer: SharedArrayBuffer;
    }
  | {
      readonly op: "exit";
      readonly cell: string;
      readonly code: number;
      readonly release: SharedArrayBuffer;
    };
