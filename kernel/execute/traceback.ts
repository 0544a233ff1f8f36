/**
 * Errors in the words of the notebook: frames of cells and local files in the lines of their source, frames
 * of the kernel left out, causes below.
 *
 *     TypeError: net is undefined
 *         at load (Cell In[3]:4:10)
 *           4 | return net.nodes
 *         at Cell In[5]:1:1
 *           1 | load()
 */
import { SourceMap } from "node:module";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { offsetOf, type Place, placeOf, toCell } from "../language/cell-map.js";
import type { CellError, CompiledModule } from "../threads.js";

const KERNEL_FOLDER = dirname(dirname(fileURLToPath(import.meta.url)));
const KERNEL_FRAME = /node:(internal|vm\b)|\bsigintHandlersWrap\b|\bProcess\.runInThisContext\b/;
/** Deeper chains of causes are cut: nobody reads the sixth, and a cycle has no end. */
const MAX_CAUSES = 5;

const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
const dim = (text: string) => `\u001b[2m${text}\u001b[22m`;

export interface Tracebacks {
  /** Learns a module before it runs; `label` is how frames call it: `Cell In[3]`, `helper.ts`. */
  register(module: CompiledModule, fileName: string, label: string): void;
  describe(error: unknown): CellError;
  /** Returns the cell that an error comes from: the outermost of its frames that is in one. */
  cellOf(error: unknown): string | undefined;
}

interface Known {
  readonly module: CompiledModule;
  readonly label: string;
  map: SourceMap | undefined;
}

export function tracebacks(folder: string): Tracebacks {
  const known = new Map<string, Known>();

  function originalPlace(entry: Known, place: Place): Place {
    const { sourceMap, cellMap, source } = entry.module;
    if (sourceMap === "") return place;
    entry.map ??= new SourceMap(JSON.parse(sourceMap));
    const found = entry.map.findEntry(place.line - 1, place.column - 1);
    if (!("originalLine" in found)) return place;
    const inModule = { line: found.originalLine + 1, column: found.originalColumn + 1 };
    if (cellMap === undefined) return inModule;
    // The header is one line, and each insertion lies in the line it lengthens.
    const lineInCell = inModule.line - 1;
    const lineStart = offsetOf(source, { line: lineInCell, column: 1 });
    const before = cellMap.insertions.filter((at) => at < lineStart).length;
    const moduleOffset = cellMap.headerLength + lineStart + before * "export ".length + inModule.column - 1;
    return placeOf(source, toCell(cellMap, moduleOffset));
  }

  function frame(line: string): string[] {
    const at = /^\s+at (?:(.*) \()?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line);
    if (at === null) return KERNEL_FRAME.test(line) || line.includes("<anonymous>") ? [] : [line];
    const [, name, location = "", row, column] = at;
    const path = location.startsWith("file://") ? fileURLToPath(location) : location;
    if (path.startsWith(`${KERNEL_FOLDER}/`) || KERNEL_FRAME.test(line)) return [];
    const place = { line: Number(row), column: Number(column) };
    const entry = known.get(path);
    if (entry === undefined) return [written(name, relative(folder, path), place)];
    const original = originalPlace(entry, place);
    const source = entry.module.source.split("\n")[original.line - 1]?.trim();
    const shown = written(name, entry.label, original);
    return source === undefined ? [shown] : [shown, dim(`      ${original.line} | ${source}`)];
  }

  function lines(error: unknown, depth: number): string[] {
    if (!(error instanceof Error)) return [red(`Uncaught value: ${inspect(error)}`)];
    const stack = typeof error.stack === "string" ? error.stack : "";
    const frames = ownFrames(stack.split("\n").filter((line) => /^\s+at /.test(line)));
    const { hint, at } = error as { hint?: unknown; at?: unknown };
    return [
      `${red(error.name)}: ${error.message}${typeof at === "string" ? ` (${at})` : ""}`,
      ...(typeof hint === "string" ? [`Hint: ${hint}`] : []),
      ...frames.flatMap(frame),
      ...nested(error).flatMap(([title, inner]) =>
        depth >= MAX_CAUSES ? [] : ["", dim(title), ...lines(inner, depth + 1)],
      ),
    ];
  }

  return {
    register(module, fileName, label) {
      known.set(fileName, { module, label, map: undefined });
    },
    cellOf(error) {
      if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
      const paths = [...error.stack.matchAll(/(\/[^():\n]*?\.ts):\d+:\d+\)?$/gm)].map(
        ([, path = ""]) => path,
      );
      const module = paths
        .map((path) => known.get(path)?.module)
        .findLast((each) => each?.cellMap !== undefined);
      return module?.id;
    },
    describe(error) {
      const isError = error instanceof Error;
      return {
        ename: isError ? error.name : error === null ? "null" : typeof error,
        evalue: isError ? error.message : inspect(error),
        traceback: lines(error, 0),
      };
    },
  };
}

/** Leaves out what lies outermost and is Node's own: how the kernel came to run the cell. */
function ownFrames(frames: readonly string[]): readonly string[] {
  const outermost = frames.findLastIndex((line) => !/\bnode:/.test(line) && !line.includes(KERNEL_FOLDER));
  return outermost < 0 ? frames : frames.slice(0, outermost + 1);
}

function written(name: string | undefined, label: string, { line, column }: Place): string {
  const where = `${label}:${line}:${column}`;
  // Imported names are members of the module that owns them: `__cell_1.load` is `load` to its writer, and
  // the functions around a cell have no name.
  const plain = name?.replace(/^(async )?(?:exports|Object|__cell_\d+_\d+)\./, "$1");
  const anonymous = plain === undefined || /^(async )?(<anonymous>|)$/.test(plain);
  return anonymous ? `    at ${where}` : `    at ${plain} (${where})`;
}

function nested(error: Error): [title: string, error: unknown][] {
  const inner: [string, unknown][] = [];
  if (error.cause !== undefined) inner.push(["Caused by:", error.cause]);
  const { errors } = error as { errors?: unknown };
  if (Array.isArray(errors)) {
    for (const [index, each] of errors.entries())
      inner.push([`Error ${index + 1} of ${errors.length}:`, each]);
  }
  return inner;
}
