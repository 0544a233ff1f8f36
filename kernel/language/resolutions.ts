/**
 * Where imports lead, remembered for as long as that is safe. What a package holds does not change under a
 * running kernel, as Node has loaded it. What people do between two cells does: write a local file, delete one, install the
 * package that was missing; `changed` looks at those imports again, which are few.
 */
import { ts } from "./typescript.js";

export interface Resolutions {
  resolve(specifier: string, from: string): ts.ResolvedModuleFull | undefined;
  /** Returns the files whose imports lead elsewhere than before, and forgets where they led. */
  changed(): ReadonlySet<string>;
  /** Forgets a file that no program holds any more. */
  forget(from: string): void;
  /** Whether a file is a type declaration that a package brought: installed, linked, or the notebook's own. */
  isPackaged(fileName: string): boolean;
  readonly cache: ts.ModuleResolutionCache;
}

export interface ResolutionsOptions {
  readonly options: ts.CompilerOptions;
  readonly host: ts.ModuleResolutionHost;
  /** Returns where a file is on disk. */
  readonly real: (fileName: string) => string;
  /** Returns the file of the cell that a relative import means, if it means one. */
  readonly cellAt: (specifier: string) => string | undefined;
  /** Types of modules that the kernel itself offers, by specifier. */
  readonly own: ReadonlyMap<string, string>;
}

export function createResolutions({ options, host, real, cellAt, own }: ResolutionsOptions): Resolutions {
  const cache = ts.createModuleResolutionCache("/", (name) => name, options);
  /** By importing file, then by specifier: what may lead elsewhere next time. */
  const uncertain = new Map<string, Map<string, string | undefined>>();

  const packaged = new Set<string>();
  const isPackaged = (fileName: string) => fileName.includes("/node_modules/") || packaged.has(fileName);

  const look = (specifier: string, from: string, known?: ts.ModuleResolutionCache) =>
    ts.resolveModuleName(specifier, real(from), options, host, known).resolvedModule;

  function resolve(specifier: string, from: string): ts.ResolvedModuleFull | undefined {
    const types = own.get(specifier);
    if (types !== undefined) return { resolvedFileName: types, extension: ts.Extension.Dts };
    const cell = specifier.startsWith("./") ? cellAt(specifier) : undefined;
    if (cell !== undefined) return { resolvedFileName: cell, extension: ts.Extension.Ts };
    const local = /^[./]/.test(specifier);
    const inPackage = isPackaged(from);
    const found = look(specifier, from, local && !inPackage ? undefined : cache);
    if (found !== undefined && (inPackage || !local) && isDeclaration(found.extension))
      packaged.add(found.resolvedFileName);
    if (inPackage) return found;
    // A package without types may get some: `npm install @types/…`.
    if (local || found === undefined || !isDeclaration(found.extension)) {
      const specifiers = uncertain.get(from) ?? new Map<string, string | undefined>();
      uncertain.set(from, specifiers.set(specifier, found?.resolvedFileName));
    }
    return found;
  }

  function changed(): ReadonlySet<string> {
    const stale = new Set<string>();
    for (const [from, specifiers] of uncertain) {
      for (const [specifier, before] of specifiers) {
        if (look(specifier, from)?.resolvedFileName !== before) stale.add(from);
      }
    }
    if (stale.size > 0) cache.clear();
    for (const from of stale) uncertain.delete(from);
    return stale;
  }

  return { resolve, changed, cache, isPackaged, forget: (from) => uncertain.delete(from) };
}

function isDeclaration(extension: string): boolean {
  return /^\.d\.([^/.]+\.)?[mc]?ts$/.test(extension);
}
