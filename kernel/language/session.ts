/** The language of one notebook: compiles cell after cell and answers what front ends ask while people type. */

import type {
  Compiled,
  CompiledModule,
  Completeness,
  Completions,
  Inspection,
  LanguageReplies,
  LanguageRequest,
} from "../threads.js";
import { type CellMap, toModule } from "./cell-map.js";
import { type CellSource, cellSource } from "./cell-source.js";
import { completeness } from "./completeness.js";
import { errorsOf } from "./diagnostics.js";
import { documentationAt } from "./documentation.js";
import { KERNEL_NAME } from "./kernel-name.js";
import { typeRoot } from "./type-root.js";
import { ts } from "./typescript.js";
import { createWorkspace, type Workspace } from "./workspace.js";

export interface LanguageSession {
  answer<Op extends LanguageRequest["op"]>(
    request: LanguageRequest & { readonly op: Op },
  ): LanguageReplies[Op];
  /** Compiles a cell that nobody has written, so that V8 has the compiler's machine code ready for those to come. */
  exercise(code: string): void;
  /** Gives the names of a cell that has run to later cells. */
  commit(module: string, names: readonly string[]): void;
}

type Emitted = Pick<CompiledModule, "js" | "sourceMap">;

/** Starts the language of a notebook in `folder`; a workspace that has served before spares reading the types. */
export function languageSession(
  folder: string,
  workspace: Workspace = createWorkspace({ types: typeRoot(folder) }),
): LanguageSession {
  workspace.settle(folder);
  const owners = new Map<string, string>();
  const kept = new Map<string, CellSource>();
  const sentFiles = new Map<string, string>();
  let compiledCells = 0;
  let atHand: { readonly module: string; readonly source: CellSource } | undefined;
  let dropped: string[] = [];
  let emitted: { readonly revision: number; readonly module: Emitted } | undefined;

  function compile(code: string): Compiled {
    const source = cellSource(code, { owners });
    workspace.setCurrent(source.text);
    const { service, current } = workspace;

    const diagnostics = errorsOf({ service, fileName: current, folder, cell: { code, map: source.map } });
    const changed = workspace
      .localFiles()
      .filter(({ fileName }) => sentFiles.get(fileName) !== workspace.version(fileName));
    for (const { fileName } of changed) diagnostics.push(...errorsOf({ service, fileName, folder }));
    if (diagnostics.length > 0) return { ok: false, diagnostics };

    const module = `__cell_${++compiledCells}`;
    atHand = { module, source };
    const files = changed.map(({ fileName, text }) => {
      sentFiles.set(fileName, workspace.version(fileName));
      return { id: fileName, source: text, ...emit(fileName) };
    });
    const forget = dropped;
    dropped = [];
    return {
      ok: true,
      module: { id: module, source: code, cellMap: source.map, ...emitCurrent() },
      values: source.values,
      types: source.types,
      files,
      dropped: forget,
    };
  }

  /** As `compile`, but nothing is remembered: a cell that runs meanwhile is committed as it was. */
  function exercise(code: string): void {
    const source = cellSource(code, { owners });
    workspace.setCurrent(source.text);
    const { service, current } = workspace;
    const cell = { code, map: source.map };
    if (errorsOf({ service, fileName: current, folder, cell }).length === 0) emit(current);
  }

  /** The same cell once more, with nothing changed around it, needs no second emit. */
  function emitCurrent(): Emitted {
    if (emitted?.revision !== workspace.revision)
      emitted = { revision: workspace.revision, module: emit(workspace.current) };
    return emitted.module;
  }

  function emit(fileName: string): Emitted {
    const { outputFiles } = workspace.service.getEmitOutput(fileName);
    const text = (ending: RegExp) => outputFiles.find(({ name }) => ending.test(name))?.text ?? "";
    // The map travels beside the code; left in, this comment would make the inspector look for a file.
    return {
      js: text(/\.[mc]?js$/).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n"),
      sourceMap: text(/\.map$/),
    };
  }

  function commit(module: string, names: readonly string[]): void {
    if (atHand?.module !== module) return;
    for (const name of names) owners.set(name, module);
    kept.set(module, atHand.source);
    workspace.addCell(module, atHand.source);
    sweep();
  }

  /** Drops the cells that own no name and that no kept cell imports from. */
  function sweep(): void {
    const reached = new Set<string>();
    const visit = (module: string): void => {
      if (reached.has(module)) return;
      reached.add(module);
      for (const next of kept.get(module)?.importsFrom ?? []) visit(next);
    };
    for (const module of owners.values()) visit(module);
    for (const module of kept.keys()) {
      if (reached.has(module)) continue;
      kept.delete(module);
      workspace.dropCell(module);
      dropped.push(module);
    }
  }

  function query(code: string, position: number): { readonly offset: number; readonly map: CellMap } {
    const source = cellSource(code, { owners, everyName: true });
    workspace.setCurrent(source.text);
    return { offset: toModule(source.map, position), map: source.map };
  }

  function complete(code: string, position: number): Completions {
    const { offset } = query(code, position);
    const typed = /[\p{ID_Continue}$]*$/u.exec(code.slice(0, position))?.[0] ?? "";
    const found = workspace.service.getCompletionsAtPosition(workspace.current, offset, undefined);
    const matches = (found?.entries ?? [])
      .filter(
        ({ name }) => name.toLowerCase().startsWith(typed.toLowerCase()) && !name.startsWith(KERNEL_NAME),
      )
      .sort((a, b) => compare(a.sortText, b.sortText) || compare(a.name, b.name))
      .map(({ name, kind }) => ({ text: name, kind: String(kind) }));
    return { matches, start: position - typed.length, end: position };
  }

  function inspect(code: string, position: number): Inspection | null {
    const { offset } = query(code, position);
    const { service, current } = workspace;
    // A cursor just behind a name asks about that name.
    const info =
      service.getQuickInfoAtPosition(current, offset) ?? service.getQuickInfoAtPosition(current, offset - 1);
    if (info === undefined) return null;
    const program = service.getProgram();
    return {
      signature: ts
        .displayPartsToString(info.displayParts)
        .replace(/^\(alias\) /, "")
        .replace(/\nimport .*$/, ""),
      documentation: program === undefined ? "" : documentationAt(program, current, info.textSpan.start),
    };
  }

  return {
    commit,
    exercise,
    answer(request) {
      const replies = {
        compile: () => compile(request.code),
        complete: () => complete(request.code, positionOf(request)),
        inspect: () => inspect(request.code, positionOf(request)),
        isComplete: (): Completeness => completeness(request.code),
      };
      return replies[request.op]() as LanguageReplies[typeof request.op];
    },
  };
}

function positionOf(request: LanguageRequest): number {
  return "position" in request ? request.position : request.code.length;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
