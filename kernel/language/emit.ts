/**
 * What is changed between checking a module and running it. Cells and local files run as the body of an
 * async function that gets one name of ours, `$kernel`:
 *
 *     import { op } from "arquero"     const arquero_1 = await $kernel.import("arquero", ["op"])
 *     await import("./net.ts")         await $kernel.import("/home/ann/net.ts")
 *     import.meta.dirname              $kernel.meta.dirname
 *     sum / count                      $kernel.result(sum / count)        (the last expression of a cell)
 *     await ready                      $kernel.go(await ready)            (ends a cell that was stopped)
 *     for await (const x of xs) { … }  for await (const x of xs) { $kernel.go(); … }
 *
 * Packages thus come through Node's own `import()`: the instance is the one that every other module gets.
 */

import { KERNEL_NAME } from "./kernel-name.js";
import { ts } from "./typescript.js";

export interface EmitHooks {
  /** Returns the absolute path when `specifier` is a local file, else undefined. */
  readonly localFile: (specifier: string, from: string) => string | undefined;
  readonly isCell: (fileName: string) => boolean;
}

export function emitTransformers({ localFile, isCell }: EmitHooks): ts.CustomTransformers {
  return {
    before: [(context) => (file) => beforeModules(file, context)],
    after: [(context) => (file) => afterModules(file, context)],
  };

  function beforeModules(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
    const { factory } = context;
    const kernel = (member: string) =>
      factory.createPropertyAccessExpression(factory.createIdentifier(KERNEL_NAME), member);

    const call = (member: string, args: readonly ts.Expression[], at: ts.Node) =>
      ts.setTextRange(factory.createCallExpression(kernel(member), undefined, args), at);
    const inFunction = (node: ts.Node): ts.Node => changed(ts.visitEachChild(node, inFunction, context));
    /** Functions of a cell outlive it; what its own code awaits does not. */
    const inCell = (node: ts.Node): ts.Node => {
      const visited = changed(
        ts.visitEachChild(node, ts.isFunctionLike(node) ? inFunction : inCell, context),
      );
      if (ts.isAwaitExpression(visited)) return call("go", [visited], visited);
      if (!ts.isForOfStatement(visited) || visited.awaitModifier === undefined) return visited;
      const { awaitModifier, initializer, expression, statement } = visited;
      const go = factory.createExpressionStatement(call("go", [], statement));
      const body = ts.isBlock(statement) ? statement.statements : [statement];
      const guarded = factory.createBlock([go, ...body], true);
      return factory.updateForOfStatement(visited, awaitModifier, initializer, expression, guarded);
    };
    const changed = (visited: ts.Node): ts.Node => {
      if (ts.isCallExpression(visited) && visited.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [target, options] = visited.arguments;
        if (target === undefined) return visited;
        const where = ts.isStringLiteralLike(target) ? resolved(target.text, file, factory) : target;
        const names = factory.createArrayLiteralExpression();
        return call("import", options === undefined ? [where] : [where, names, options], visited);
      }
      if (ts.isMetaProperty(visited) && visited.keywordToken === ts.SyntaxKind.ImportKeyword)
        return kernel("meta");
      return visited;
    };

    const seen = ts.visitEachChild(file, isCell(file.fileName) ? inCell : inFunction, context);
    if (!isCell(file.fileName)) return seen;
    const at = seen.statements.findLastIndex(
      (each) => !ts.isExportDeclaration(each) && !ts.isEmptyStatement(each),
    );
    const last = seen.statements[at];
    if (last === undefined || !ts.isExpressionStatement(last)) return seen;
    const result = call("result", [last.expression], last.expression);
    const shown = ts.setTextRange(factory.createExpressionStatement(result), last);
    return factory.updateSourceFile(
      seen,
      seen.statements.map((each, i) => (i === at ? shown : each)),
    );
  }

  /** The compiler has made `require("x")` of the imports; only those calls are ours to change. */
  function afterModules(file: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile {
    const { factory } = context;
    return ts.visitEachChild(
      file,
      (statement) => {
        const origin = ts.getOriginalNode(statement);
        if (!ts.isImportDeclaration(origin) && !ts.isExportDeclaration(origin)) return statement;
        const visit = (node: ts.Node): ts.Node => {
          if (!isRequire(node)) return ts.visitEachChild(node, visit, context);
          const names = requestedNames(origin).map((name) => factory.createStringLiteral(name));
          const args = [
            resolved(node.arguments[0].text, file, factory),
            factory.createArrayLiteralExpression(names),
          ];
          const attributes = origin.attributes && attributesLiteral(origin.attributes, factory);
          return factory.createAwaitExpression(
            factory.createCallExpression(
              factory.createPropertyAccessExpression(factory.createIdentifier(KERNEL_NAME), "import"),
              undefined,
              attributes === undefined ? args : [...args, attributes],
            ),
          );
        };
        return ts.visitNode(statement, visit);
      },
      context,
    );
  }

  function resolved(specifier: string, file: ts.SourceFile, factory: ts.NodeFactory): ts.StringLiteral {
    return factory.createStringLiteral(localFile(specifier, file.fileName) ?? specifier);
  }
}

type RequireCall = ts.CallExpression & { readonly arguments: readonly [ts.StringLiteral] };

function isRequire(node: ts.Node): node is RequireCall {
  return (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "require" &&
    node.arguments.length === 1 &&
    ts.isStringLiteral(node.arguments[0]!)
  );
}

function requestedNames(node: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  if (bindings === undefined || ts.isNamespaceImport(bindings) || ts.isNamespaceExport(bindings)) return [];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function attributesLiteral(attributes: ts.ImportAttributes, factory: ts.NodeFactory): ts.Expression {
  const pairs = attributes.elements.map((each) =>
    factory.createPropertyAssignment(
      factory.createStringLiteral(each.name.text),
      ts.isStringLiteral(each.value) ? factory.createStringLiteral(each.value.text) : each.value,
    ),
  );
  return factory.createObjectLiteralExpression([
    factory.createPropertyAssignment("with", factory.createObjectLiteralExpression(pairs)),
  ]);
}
