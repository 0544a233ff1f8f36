/**
 * What `node --build-snapshot` runs: it loads the compiler and this room, lets a session read the types, and
 * leaves all that in memory for the snapshot. A process that starts from the snapshot begins at `main`.
 *
 *     node --snapshot-blob FILE --build-snapshot ENTRY COMPILER ROOM MANIFEST [TYPES]
 *     node --snapshot-blob FILE FOLDER
 *
 * Node lets such a program be one CommonJS file that requires nothing but Node's own modules; so the compiler is
 * run as a script, and the modules of this room, which `import` each other, are turned into CommonJS by it.
 */
import fs = require("node:fs");
import path = require("node:path");
import url = require("node:url");
import v8 = require("node:v8");
import vm = require("node:vm");

import type tsModule = require("typescript");

const [compiler, room, manifest, types] = process.argv.slice(2) as [string, string, string, string?];
const inputs = [compiler, path.join(room, "snapshot-entry.cjs")];

type Exports = Record<string, unknown>;
type Require = (specifier: string) => unknown;

/** Runs CommonJS text as Node does. */
function run(file: string, text: string, exports: Exports, requireFrom: Require): Exports {
  const module = { exports };
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
  const body = new vm.Script(wrapped, { filename: file }).runInThisContext() as (...args: unknown[]) => void;
  body(exports, requireFrom, module, file, path.dirname(file));
  return module.exports;
}

const ts = run(compiler, fs.readFileSync(compiler, "utf8"), {}, require) as unknown as typeof tsModule;

/** `import.meta.url` is the one thing of a module that CommonJS has no words for. */
function withoutMeta(file: string): tsModule.TransformerFactory<tsModule.SourceFile> {
  return (context) => (source) => {
    const visit = (node: tsModule.Node): tsModule.Node =>
      ts.isPropertyAccessExpression(node) && ts.isMetaProperty(node.expression)
        ? context.factory.createStringLiteral(url.pathToFileURL(file).href)
        : ts.visitEachChild(node, visit, context);
    return ts.visitEachChild(source, visit, context);
  };
}

const loaded = new Map<string, Exports>([[path.join(room, "typescript.js"), { ts }]]);
function load(file: string): Exports {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const exports: Exports = {};
  loaded.set(file, exports);
  inputs.push(file);
  const { outputText } = ts.transpileModule(fs.readFileSync(file, "utf8"), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    transformers: { before: [withoutMeta(file)] },
  });
  const requireFrom = (specifier: string) =>
    specifier.startsWith(".") ? load(path.resolve(path.dirname(file), specifier)) : require(specifier);
  return run(file, outputText, exports, requireFrom);
}

const { languageSession } = load(path.join(room, "session.js")) as typeof import("./session.js");
const { serve } = load(path.join(room, "server.js")) as typeof import("./server.js");
const { warmWorkspace } = load(path.join(room, "warm-up.js")) as typeof import("./warm-up.js");

const workspace = warmWorkspace(types);
const read = workspace.service.getProgram()?.getSourceFiles() ?? [];
const packages = types === undefined ? [] : [path.join(types, "node/package.json")];
const sources = new Set([
  ...inputs,
  ...packages,
  ...workspace.joined,
  ...read.map(({ fileName }) => fileName),
]);
const found = [...sources].flatMap((file) => {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? [] : [[file, stat.size, stat.mtimeMs]];
});
fs.writeFileSync(manifest, JSON.stringify(found), { mode: 0o600 });

v8.startupSnapshot.setDeserializeMainFunction(() => {
  serve(languageSession(process.argv[1] as string, workspace));
});
