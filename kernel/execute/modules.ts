/**
 * What an import of a cell gets: the exports of an earlier cell, a local TypeScript file that the language
 * thread has compiled, the display module, or, for everything else, Node's own `import()`.
 */
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import { KERNEL_NAME } from "../language/kernel-name.js";
import type { CompiledModule } from "../threads.js";

export type Exports = Record<string, unknown>;

/** The one name of ours in a running module. */
export interface KernelHandle {
  import(specifier: string, names?: readonly string[], options?: object): Promise<object>;
  result(value: unknown): void;
  /** Returns `value` in a cell that may run on; in one that was stopped meanwhile, throws. */
  go<T>(value?: T): T | undefined;
  readonly meta: { readonly url: string; readonly filename: string; readonly dirname: string };
}

/** What a cell tells the kernel while it runs. */
export interface CellHooks {
  readonly result: (value: unknown) => void;
  /** Called behind each await of the cell itself; throws in a cell that was stopped. */
  readonly resumed: () => void;
}

const NO_HOOKS: CellHooks = { result() {}, resumed() {} };

export type ModuleBody = (
  kernel: KernelHandle,
  exports: Exports,
  require: NodeJS.Require,
  fileName: string,
  folder: string,
) => Promise<void>;

export interface ModulesOptions {
  /** The notebook's folder: imports resolve as they do for a file in it. */
  readonly folder: string;
  readonly displayModule: object;
  /** Called before a module runs, so that its errors can be placed. */
  readonly register: (module: CompiledModule, fileName: string) => void;
}

interface LocalFile {
  readonly module: CompiledModule;
  exports: Exports;
  loaded: Promise<void> | undefined;
}

export interface Modules {
  readonly cells: Map<string, Exports>;
  addFiles(files: readonly CompiledModule[]): void;
  handleFor(fileName: string, hooks: CellHooks): KernelHandle;
  body(module: CompiledModule, fileName: string): ModuleBody;
  readonly require: NodeJS.Require;
}

export function createModules({ folder, displayModule, register }: ModulesOptions): Modules {
  const cells = new Map<string, Exports>();
  const files = new Map<string, LocalFile>();
  const require = createRequire(join(folder, "notebook.ts"));
  const nativeImport = new vm.Script("(specifier, options) => import(specifier, options)", {
    filename: join(folder, "notebook.mjs"),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as (specifier: string, options?: object) => Promise<Exports>;

  function body(module: CompiledModule, fileName: string): ModuleBody {
    register(module, fileName);
    const opening = `(async function (${KERNEL_NAME}, exports, require, __filename, __dirname) {`;
    const script = new vm.Script(`${opening}${module.js}\n})`, {
      filename: fileName,
      columnOffset: -opening.length,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    return script.runInThisContext() as ModuleBody;
  }

  /** `chain` holds the files that wait for this one: a file in it is given as far as it has come. */
  async function load(path: string, file: LocalFile, chain: readonly string[]): Promise<Exports> {
    if (chain.includes(path)) return file.exports;
    file.loaded ??= body(file.module, path)(
      handle(path, [...chain, path], NO_HOOKS),
      file.exports,
      createRequire(path),
      path,
      dirname(path),
    );
    await file.loaded;
    return file.exports;
  }

  function handle(fileName: string, chain: readonly string[], { result, resumed }: CellHooks): KernelHandle {
    const from = dirname(fileName);
    return {
      async import(specifier, names = [], options) {
        if (specifier === "tslab") return displayModule;
        const cell = specifier.startsWith("./") ? cells.get(specifier.slice(2)) : undefined;
        if (cell !== undefined) return cell;
        const path = specifier.startsWith(".") ? resolve(from, specifier) : specifier;
        const file = files.get(path);
        if (file !== undefined) return load(path, file, chain);
        const target = isAbsolute(path) ? pathToFileURL(path).href : path;
        const json = /\.json$/.test(target) ? { with: { type: "json" } } : undefined;
        return withNames(await nativeImport(target, options ?? json), names);
      },
      result,
      go(value) {
        resumed();
        return value;
      },
      meta: { url: pathToFileURL(fileName).href, filename: fileName, dirname: from },
    };
  }

  return {
    cells,
    require,
    body,
    handleFor: (fileName, hooks) => handle(fileName, [], hooks),
    addFiles(changed) {
      if (changed.length === 0) return;
      // A changed file makes those that import it stale as well: all local files start anew.
      for (const file of files.values()) {
        file.exports = {};
        file.loaded = undefined;
      }
      for (const module of changed) files.set(module.id, { module, exports: {}, loaded: undefined });
    },
  };
}

/**
 * Node finds the named exports of CommonJS packages by reading their text and misses some that exist at run
 * time; those are taken from the default export, which is `module.exports`.
 */
function withNames(namespace: Exports, names: readonly string[]): Exports {
  const fallback = namespace.default;
  if ((typeof fallback !== "object" && typeof fallback !== "function") || fallback === null) return namespace;
  const missing = names.filter((name) => !(name in namespace) && name in fallback);
  if (missing.length === 0) return namespace;
  const found = missing.map((name) => [name, (fallback as Exports)[name]] as const);
  return Object.assign(Object.create(null), namespace, Object.fromEntries(found)) as Exports;
}
