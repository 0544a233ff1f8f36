/**
 * Makes a module of a cell. Top-level declarations are exported in place, and names that earlier cells own
 * are imported from the module that owns them, so that every variable has one storage:
 *
 *     cell 1:  let n = 0; function inc() { n++; return n }      export let n = 0; export function inc() …
 *     cell 2:  n = 10                                           import { n } from "./__cell_1"; n = 10
 *     cell 3:  inc()                                            import { inc } from "./__cell_1"; inc()   → 11
 *
 * `export` has to stand at the declaration: with `export { n }` at the end the compiler keeps a local `n` and
 * only mirrors it, and cell 3 would give 1.
 */

import { type CellMap, INSERTED } from "./cell-map.js";
import { ts } from "./typescript.js";

export interface CellSource {
  readonly text: string;
  readonly map: CellMap;
  /** Names that later cells can use; a value exists at run time, a type does not. */
  readonly values: readonly string[];
  readonly types: readonly string[];
  /** Modules of earlier cells that this one imports from. */
  readonly importsFrom: readonly string[];
}

export interface CellSourceOptions {
  /** Which module owns each name of the earlier cells. */
  readonly owners: ReadonlyMap<string, string>;
  /** Import every known name, not only those used: completion asks about names not typed yet. */
  readonly everyName?: boolean;
}

export function cellSource(code: string, { owners, everyName = false }: CellSourceOptions): CellSource {
  const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const found = declarations(file);
  const own = new Set([...found.values, ...found.types, ...found.imported, ...found.hidden]);
  const used = everyName ? undefined : identifiers(file);

  const wanted = new Map<string, string[]>();
  for (const [name, module] of owners) {
    if (own.has(name) || (used !== undefined && !used.has(name))) continue;
    wanted.set(module, [...(wanted.get(module) ?? []), name]);
  }
  const imports = [...wanted].map(([module, names]) => `import { ${names.join(", ")} } from "./${module}"; `);
  const header = `${imports.join("")}export {};\n`;

  let body = "";
  let done = 0;
  for (const at of found.exportAt) {
    body += code.slice(done, at) + INSERTED;
    done = at;
  }
  body += code.slice(done);
  const imported = [...new Set(found.imported)];
  const tail = imported.length === 0 ? "" : `\nexport { ${imported.join(", ")} };`;

  return {
    text: header + body + tail,
    map: { headerLength: header.length, insertions: found.exportAt, codeLength: code.length },
    values: [...new Set([...found.values, ...imported])],
    types: [...new Set(found.types)].filter((name) => !found.values.includes(name)),
    importsFrom: [...wanted.keys()],
  };
}

interface Declarations {
  readonly values: string[];
  readonly types: string[];
  readonly imported: string[];
  /** Declared, but not for later cells: `using` ends with its cell, a `var` in a block belongs to it. */
  readonly hidden: string[];
  readonly exportAt: number[];
}

function declarations(file: ts.SourceFile): Declarations {
  const found: Declarations = { values: [], types: [], imported: [], hidden: [], exportAt: [] };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      const names = statement.declarationList.declarations.flatMap((each) => boundNames(each.name));
      if (isUsing(statement.declarationList)) {
        found.hidden.push(...names);
        continue;
      }
      (has(statement, ts.SyntaxKind.DeclareKeyword) ? found.types : found.values).push(...names);
      exportHere(found, statement, file);
    } else if (isNamedDeclaration(statement)) {
      (isType(statement) ? found.types : found.values).push(statement.name.text);
      exportHere(found, statement, file);
    } else if (ts.isImportDeclaration(statement)) {
      found.imported.push(...importedNames(statement));
    } else if (ts.isImportEqualsDeclaration(statement)) {
      found.imported.push(statement.name.text);
    } else {
      collectVars(statement, found.hidden);
    }
  }
  return found;
}

function exportHere(found: Declarations, statement: ts.Statement, file: ts.SourceFile): void {
  if (!has(statement, ts.SyntaxKind.ExportKeyword)) found.exportAt.push(statement.getStart(file));
}

type NamedDeclaration = (
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.ModuleDeclaration
) & { readonly name: ts.Identifier };

function isNamedDeclaration(node: ts.Statement): node is NamedDeclaration {
  const named =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    (ts.isModuleDeclaration(node) && !(node.flags & ts.NodeFlags.GlobalAugmentation));
  return named && node.name !== undefined && ts.isIdentifier(node.name);
}

function isType(node: NamedDeclaration): boolean {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    has(node, ts.SyntaxKind.DeclareKeyword)
  );
}

function has(node: ts.Statement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (node.modifiers?.some((modifier) => modifier.kind === kind) ?? false);
}

function isUsing(list: ts.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using;
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : boundNames(element.name),
  );
}

function importedNames(node: ts.ImportDeclaration): string[] {
  const clause = node.importClause;
  if (clause === undefined) return [];
  const names = clause.name === undefined ? [] : [clause.name.text];
  const bindings = clause.namedBindings;
  if (bindings === undefined) return names;
  if (ts.isNamespaceImport(bindings)) return [...names, bindings.name.text];
  return [...names, ...bindings.elements.map((element) => element.name.text)];
}

/** `if (x) { var y = 1 }` makes a `y` of the whole module: it must not be imported as well. */
function collectVars(node: ts.Node, names: string[]): void {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return;
  if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
    for (const each of node.declarations) names.push(...boundNames(each.name));
  }
  ts.forEachChild(node, (child) => collectVars(child, names));
}

function identifiers(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}
