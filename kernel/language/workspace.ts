/**
 * The virtual folder the language service looks at: the cells that still matter, the cell at hand, and the
 * real files around them. The cell at hand always has the same file name, so that the program keeps its
 * roots and its module resolutions from one cell to the next; it gets its own name once it has run.
 *
 * To the service that folder is always called `/__notebook__`, and only a look at the disk finds the real one.
 * So a program that was made before anybody knew the notebook serves it as it is (snapshot.ts).
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellSource } from "./cell-source.js";
import { emitTransformers } from "./emit.js";
import { nodeLibrary } from "./node-library.js";
import { cellOptions, LIBRARY } from "./options.js";
import { createResolutions } from "./resolutions.js";
import { standardLibrary } from "./standard-library.js";
import { ts } from "./typescript.js";

/** `import * as tslab from "tslab"` means the kernel's own display module. */
const DISPLAY_TYPES = fileURLToPath(new URL("../execute/tslab.d.ts", import.meta.url));
const GLOBALS = `
declare const display: typeof import("tslab").displayValue;
declare function prompt(question?: string, options?: { readonly password?: boolean }): string;
`;

const NOTEBOOK = "/__notebook__";

export interface Workspace {
  readonly service: ts.LanguageService;
  readonly current: string;
  /** Says where the notebook is; until then its imports lead nowhere. */
  settle(folder: string): void;
  /** Counts what the service has been told: answers of one revision stay true. */
  readonly revision: number;
  /** Makes `text` the cell at hand and looks which local files have changed, come or gone. */
  setCurrent(text: string): void;
  addCell(module: string, source: CellSource): void;
  dropCell(module: string): void;
  /** Returns the local TypeScript files that the cell at hand reaches, in no promised order. */
  localFiles(): readonly ts.SourceFile[];
  version(fileName: string): string;
  /** Files of the libraries that no program names, as their text is in another one. */
  readonly joined: readonly string[];
}

interface VirtualFile {
  readonly version: number;
  readonly text: string;
}

interface KnownText {
  readonly version: string;
  readonly snapshot: ts.IScriptSnapshot | undefined;
}

/** What the service hands on to the program, though its own type does not say so. */
type HostExtras = Pick<ts.CompilerHost, "getModuleResolutionCache" | "hasInvalidatedResolutions">;

export interface WorkspaceOptions {
  /** The folder that holds Node's types, `…/node_modules/@types`; without one cells know none. */
  readonly types: string | undefined;
}

export function createWorkspace({ types }: WorkspaceOptions): Workspace {
  const options = cellOptions(types);
  const globals = cellFile("__kernel_globals__.d");
  const current = cellFile("__cell_at_hand__");
  const files = new Map<string, VirtualFile>([
    [globals, { version: 1, text: GLOBALS }],
    [current, { version: 1, text: "export {};\n" }],
  ]);
  const libraries = [
    standardLibrary(dirname(ts.getDefaultLibFilePath(options)), LIBRARY),
    nodeLibrary(types),
  ];
  const library = (fileName: string) => {
    for (const { text } of libraries) {
      const known = text(fileName);
      if (known !== undefined) return known;
    }
    return undefined;
  };
  let versions = 1;
  let revision = 1;

  let folder = NOTEBOOK;
  const real = (path: string) =>
    path === NOTEBOOK || path.startsWith(`${NOTEBOOK}/`) ? join(folder, path.slice(NOTEBOOK.length)) : path;
  const readText = (fileName: string) =>
    files.get(fileName)?.text ?? library(fileName) ?? ts.sys.readFile(real(fileName));
  const fileExists = (fileName: string) => files.has(fileName) || ts.sys.fileExists(real(fileName));
  const isCell = (fileName: string) => files.has(fileName) || fileName.startsWith(`${NOTEBOOK}/__cell_`);
  const isFixed = (fileName: string) => isCell(fileName) || resolutions.isPackaged(fileName);
  const timeOf = (fileName: string) => String(ts.sys.getModifiedTime?.(fileName)?.getTime() ?? 0);

  /** Versions of the local files that the program holds, as of the last look. */
  const times = new Map<string, string>();
  function version(fileName: string): string {
    const virtual = files.get(fileName);
    if (virtual !== undefined) return String(virtual.version);
    // Packages do not change under a running kernel; local files do. A cell that was dropped stays dropped.
    if (isFixed(fileName)) return "1";
    const known = times.get(fileName) ?? timeOf(fileName);
    times.set(fileName, known);
    return known;
  }

  // The service asks for each file of the program whenever the cell's imports change.
  const snapshots = new Map<string, KnownText>();
  function snapshot(fileName: string): ts.IScriptSnapshot | undefined {
    const now = version(fileName);
    const known = snapshots.get(fileName);
    if (known?.version === now) return known.snapshot;
    const text = readText(fileName);
    const fresh = text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    snapshots.set(fileName, { version: now, snapshot: fresh });
    return fresh;
  }

  const onDisk = ts.sys.realpath;
  const realpath = onDisk === undefined ? {} : { realpath: (path: string) => onDisk(real(path)) };
  const resolutions = createResolutions({
    options,
    host: { fileExists, readFile: readText, ...realpath },
    real,
    cellAt: (specifier) => [cellFile(specifier.slice(2))].find((fileName) => files.has(fileName)),
    own: new Map([["tslab", DISPLAY_TYPES]]),
  });
  const transformers = emitTransformers({ localFile, isCell: (fileName) => fileName === current });
  const caseMatters = ts.sys.useCaseSensitiveFileNames;
  let stale: ReadonlySet<string> = new Set();

  const host: ts.LanguageServiceHost & HostExtras = {
    // Doc comments are a third of the work of reading the types, and wanted one at a time: documentation.ts.
    jsDocParsingMode: ts.JSDocParsingMode.ParseForTypeInfo,
    getProjectVersion: () => String(revision),
    hasInvalidatedResolutions: (path) => stale.has(path),
    // The cache spares the compiler a look at each file's package.json for each cell.
    getModuleResolutionCache: () => resolutions.cache,
    getScriptFileNames: () => [globals, current],
    getScriptVersion: version,
    getScriptSnapshot: snapshot,
    getCurrentDirectory: () => NOTEBOOK,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getCustomTransformers: () => transformers,
    useCaseSensitiveFileNames: () => caseMatters,
    fileExists,
    readFile: readText,
    readDirectory: (path, ...how) => ts.sys.readDirectory(real(path), ...how),
    directoryExists: (path) => ts.sys.directoryExists(real(path)),
    getDirectories: (path) => ts.sys.getDirectories(real(path)),
    ...realpath,
    resolveModuleNameLiterals: (literals, containing) =>
      literals.map((literal) => ({ resolvedModule: resolutions.resolve(literal.text, containing) })),
  };

  const service = ts.createLanguageService(
    host,
    ts.createDocumentRegistry(caseMatters, NOTEBOOK, host.jsDocParsingMode),
  );
  const isTypes = (fileName: string) => /\.d\.([^/.]+\.)?[mc]?ts$/.test(fileName);
  const isLocalTypeScript = (fileName: string) =>
    /\.[mc]?tsx?$/.test(fileName) && !isTypes(fileName) && !isFixed(fileName);

  function look(): void {
    let different = false;
    for (const [fileName, known] of times) {
      const now = timeOf(fileName);
      if (now === known) continue;
      times.set(fileName, now);
      different = true;
    }
    stale = new Set([...resolutions.changed()].map((name) => (caseMatters ? name : name.toLowerCase())));
    if (different || stale.size > 0) revision++;
  }

  /** Returns the local file that a relative import resolves to; undefined for packages, cells and types. */
  function localFile(specifier: string, from: string): string | undefined {
    if (!/^[./]/.test(specifier)) return undefined;
    const fileName = resolutions.resolve(specifier, from)?.resolvedFileName;
    return fileName === undefined || isTypes(fileName) || files.has(fileName) ? undefined : fileName;
  }

  return {
    service,
    current,
    settle(place) {
      folder = place;
    },
    get revision() {
      return revision;
    },
    setCurrent(text) {
      look();
      if (files.get(current)?.text === text) return;
      files.set(current, { version: ++versions, text });
      revision++;
    },
    addCell(module, { text }) {
      files.set(cellFile(module), { version: ++versions, text });
    },
    dropCell(module) {
      const fileName = cellFile(module);
      files.delete(fileName);
      snapshots.delete(fileName);
      resolutions.forget(fileName);
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
    joined: libraries.flatMap(({ files: each }) => each),
  };
}

function cellFile(module: string): string {
  return `${NOTEBOOK}/${module}.ts`;
}
