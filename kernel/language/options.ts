/** How cells are checked and compiled. */
import { ts } from "./typescript.js";

/** The root of the standard library: no browser's names, Node's come from its own types. */
export const LIBRARY = "esnext";

/**
 * Cells are explored, not shipped: `null` checks and implicit `any` would stop people on their way. What
 * stays on finds mistakes that no reading of the output would. `root` is the folder with Node's types.
 */
export function cellOptions(root: string | undefined): ts.CompilerOptions {
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
