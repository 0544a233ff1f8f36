/** How cells are checked and compiled. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ts } from "./typescript.js";

/** The root of the standard library: no browser's names, Node's come from its own types. */
export const LIBRARY = "esnext";

/**
 * Cells are explored, not shipped: `null` checks and implicit `any` would stop people on their way. What
 * stays on finds mistakes that no reading of the output would.
 */
export function cellOptions(folder: string): ts.CompilerOptions {
  const root = typeRoot(folder);
  return {
    target: ts.ScriptTarget.ES2023,
    lib: [`lib.${LIBRARY}.d.ts`],
    module: ts.ModuleKind.CommonJS,
    // Bundler resolution reads `exports`, self-references and extensionless local files alike.
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ["node"],
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    allowJs: true,
    checkJs: false,
    // Imports become `import()`, which has Node's own rules for default exports.
    esModuleInterop: false,
    allowSyntheticDefaultImports: true,
    strict: false,
    strictBindCallApply: true,
    useUnknownInCatchVariables: false,
    skipLibCheck: true,
    sourceMap: true,
    removeComments: true,
    ignoreDeprecations: "6.0",
    types: root === undefined ? [] : ["node"],
    ...(root === undefined ? {} : { typeRoots: [root] }),
  };
}

/** Returns the nearest `node_modules/@types` with Node's types: the notebook's own, else the kernel's. */
function typeRoot(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const root = join(at, "node_modules", "@types");
    if (existsSync(join(root, "node"))) return root;
    if (dirname(at) === at) break;
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));
  } catch {
    return undefined;
  }
}
