/**
 * The virtual folder the language service looks at: the cells that still matter, the cell at hand, and the
 * real files around them. The cell at hand always has the same file name, so that the program keeps its
 * roots and its module resolutions from one cell to the next; it gets its own name once it has run.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellSource } from "./cell-source.js";
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

export interface Workspace {
  readonly service: ts.LanguageService;
  readonly current: string;
  /** Counts what the service has been told: answers of one revision stay true. */
  readonly revision: number;
  /** Makes `text` the cell at hand and looks which local files have changed, come or gone. */
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

interface KnownText {
  readonly version: string;
  readonly snapshot: ts.IScriptSnapshot | undefined;
}

/** What the service hands on to the program, though its own type does not say so. */
type HostExtras = Pick<ts.CompilerHost, "getModuleResolutionCache" | "hasInvalidatedResolutions">;

export function createWorkspace(folder: string, transformers: ts.CustomTransformers): Workspace {
  const options = cellOptions(folder);
  const globals = join(folder, "__kernel_globals__.d.ts");
  const current = join(folder, "__cell_at_hand__.ts");
  const files = new Map<string, VirtualFile>([
    [globals, { version: 1, text: GLOBALS }],
    [current, { version: 1, text: "export {};\n" }],
  ]);
  const library = standardLibrary(dirname(ts.getDefaultLibFilePath(options)), LIBRARY);
  let versions = 1;
  let revision = 1;

  const readText = (fileName: string) =>
    files.get(fileName)?.text ?? library(fileName) ?? ts.sys.readFile(fileName);
  const fileExists = (fileName: string) => files.has(fileName) || ts.sys.fileExists(fileName);
  const isCell = (fileName: string) => files.has(fileName) || fileName.startsWith(join(folder, "__cell_"));
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

  const realpath = ts.sys.realpath === undefined ? {} : { realpath: ts.sys.realpath };
  const resolutions = createResolutions({
    folder,
    options,
    host: { fileExists, readFile: readText, ...realpath },
    isCell: (fileName) => files.has(fileName),
    own: new Map([["tslab", DISPLAY_TYPES]]),
  });
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
    getCurrentDirectory: () => folder,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    getCustomTransformers: () => transformers,
    useCaseSensitiveFileNames: () => caseMatters,
    fileExists,
    readFile: readText,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    ...realpath,
    resolveModuleNameLiterals: (literals, containing) =>
      literals.map((literal) => ({ resolvedModule: resolutions.resolve(literal.text, containing) })),
  };

  const service = ts.createLanguageService(
    host,
    ts.createDocumentRegistry(caseMatters, folder, host.jsDocParsingMode),
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

  return {
    service,
    current,
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
      files.set(join(folder, `${module}.ts`), { version: ++versions, text });
    },
    dropCell(module) {
      const fileName = join(folder, `${module}.ts`);
      files.delete(fileName);
      snapshots.delete(fileName);
      resolutions.forget(fileName);
    },
    localFile(specifier, from) {
      if (!/^[./]/.test(specifier)) return undefined;
      const fileName = resolutions.resolve(specifier, from)?.resolvedFileName;
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
