/**
 * The virtual folder the language service looks at: the cells that still matter, the cell at hand, and the
 * real files around them. The cell at hand always has the same file name, so that the program keeps its
 * roots and its module resolutions from one cell to the next; it gets its own name once it has run.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellSource } from "./cell-source.js";
import { cellOptions } from "./options.js";
import { ts } from "./typescript.js";

/** `import * as tslab from "tslab"` means the kernel's own display module. */
const DISPLAY_TYPES = fileURLToPath(new URL("../execute/tslab.d.ts", import.meta.url));
const GLOBALS = `
declare const display: typeof import("tslab").displayValue;
declare function prompt(question?: string, options?: { readonly password?: boolean }): string;
`;

export interface Workspace {
  readonly service: ts.LanguageService;
  readonly current: string;
  setCurrent(text: string): void;
  addCell(module: string, source: CellSource): void;
  dropCell(module: string): void;
  /** Returns the local file that a relative import resolves to; undefined for packages, cells and types. */
  localFile(specifier: string, from: string): string | undefined;
  /** Returns the local TypeScript files that the cell at hand reaches, in no promised order. */
  localFiles(): readonly ts.SourceFile[];
  version(fileName: string): string;
}

interface VirtualFile {
  readonly version: number;
  readonly text: string;
}

export function createWorkspace(folder: string, transformers: ts.CustomTransformers): Workspace {
  const options = cellOptions(folder);
  const globals = join(folder, "__kernel_globals__.d.ts");
  const current = join(folder, "__cell_at_hand__.ts");
  const files = new Map<string, VirtualFile>([
    [globals, { version: 1, text: GLOBALS }],
    [current, { version: 1, text: "export {};\n" }],
  ]);
  let versions = 1;

  const readText = (fileName: string) => files.get(fileName)?.text ?? ts.sys.readFile(fileName);
  const fileExists = (fileName: string) => files.has(fileName) || ts.sys.fileExists(fileName);
  const version = (fileName: string): string => {
    const virtual = files.get(fileName);
    if (virtual !== undefined) return String(virtual.version);
    // Installed packages do not change under a running kernel; local files do.
    if (fileName.includes("/node_modules/")) return "1";
    return String(ts.sys.getModifiedTime?.(fileName)?.getTime() ?? 0);
  };

  // The service asks for each file of the program whenever the cell's imports change.
  const snapshots = new Map<
    string,
    { readonly version: string; readonly snapshot: ts.IScriptSnapshot | undefined }
  >();
  function snapshot(fileName: string): ts.IScriptSnapshot | undefined {
    const current = version(fileName);
    const known = snapshots.get(fileName);
    if (known?.version === current) return known.snapshot;
    const text = readText(fileName);
    const fresh = text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    snapshots.set(fileName, { version: current, snapshot: fresh });
    return fresh;
  }

  const moduleCache = ts.createModuleResolutionCache(folder, (name) => name, options);
  // The cache spares the compiler a look at each file's package.json for each cell.
  const host: ts.LanguageServiceHost & Pick<ts.CompilerHost, "getModuleResolutionCache"> = {
    getModuleResolutionCache: () => moduleCache,
    getScriptFileNames: () => [globals, current],
    getScriptVersion: version,
    getScriptSnapshot: snapshot,
    getCurrentDirectory: () => folder,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getCustomTransformers: () => transformers,
    fileExists,
    readFile: readText,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    ...(ts.sys.realpath === undefined ? {} : { realpath: ts.sys.realpath }),
    resolveModuleNameLiterals: (literals, containing) =>
      literals.map((literal) => ({ resolvedModule: resolve(literal.text, containing) })),
  };

  function resolve(specifier: string, from: string): ts.ResolvedModuleFull | undefined {
    if (specifier === "tslab") return { resolvedFileName: DISPLAY_TYPES, extension: ts.Extension.Dts };
    const cell = specifier.startsWith("./") ? join(folder, `${specifier.slice(2)}.ts`) : "";
    if (files.has(cell)) return { resolvedFileName: cell, extension: ts.Extension.Ts };
    // A local file may appear or go between two cells: only what packages hold is remembered.
    const cache = specifier.startsWith(".") && !from.includes("/node_modules/") ? undefined : moduleCache;
    return ts.resolveModuleName(
      specifier,
      from,
      options,
      { fileExists, readFile: readText, ...realpath },
      cache,
    ).resolvedModule;
  }
  const realpath = ts.sys.realpath === undefined ? {} : { realpath: ts.sys.realpath };

  const service = ts.createLanguageService(host, ts.createDocumentRegistry());
  const isTypes = (fileName: string) => /\.d\.([^/.]+\.)?[mc]?ts$/.test(fileName);
  const isLocalTypeScript = (fileName: string) =>
    /\.[mc]?tsx?$/.test(fileName) &&
    !isTypes(fileName) &&
    !fileName.includes("/node_modules/") &&
    !files.has(fileName);

  return {
    service,
    current,
    setCurrent(text) {
      if (files.get(current)?.text !== text) files.set(current, { version: ++versions, text });
    },
    addCell(module, { text }) {
      files.set(join(folder, `${module}.ts`), { version: ++versions, text });
    },
    dropCell(module) {
      files.delete(join(folder, `${module}.ts`));
      snapshots.delete(join(folder, `${module}.ts`));
    },
    localFile(specifier, from) {
      if (!/^[./]/.test(specifier)) return undefined;
      const fileName = resolve(specifier, from)?.resolvedFileName;
      return fileName === undefined || isTypes(fileName) || files.has(fileName) ? undefined : fileName;
    },
    localFiles() {
      return (
        service
          .getProgram()
          ?.getSourceFiles()
          .filter((file) => isLocalTypeScript(file.fileName)) ?? []
      );
    },
    version,
  };
}
