/**
 * What is changed between checking a module and running it. Cells and local files run as the body of an
 * async function that gets one name of ours, `$kernel`:
 *
 *     import { op } from "arquero"     const arquero_1 = await $kernel.import("arquero", ["op"])
 *     await import("./net.ts")         await $kernel.import("/home/ann/net.ts")
 *     import.meta.dirname              $kernel.meta.dirname
 *     sum / count                      $kernel.result(sum / count)        (the last expression of a cell)
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

    const visit = (node: ts.Node): ts.Node => {
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isCallExpression(visited) && visited.expression.kind === ts.SyntaxKind.ImportKeyword) {
        const [target, options] = visited.arguments;
        if (target === undefined) return visited;
        const where = ts.isStringLiteralLike(target) ? resolved(target.text, file, factory) : target;
        const names = factory.createArrayLiteralExpression();
        const call = factory.createCallExpression(
          kernel("import"),
          undefined,
          options === undefined ? [where] : [where, names, options],
        );
        return ts.setTextRange(call, visited);
      }
      if (ts.isMetaProperty(visited) && visited.keywordToken === ts.SyntaxKind.ImportKeyword)
        return kernel("meta");
      return visited;
    };

    const seen = ts.visitEachChild(file, visit, context);
    if (!isCell(file.fileName)) return seen;
    const at = seen.statements.findLastIndex(
      (each) => !ts.isExportDeclaration(each) && !ts.isEmptyStatement(each),
    );
    const last = seen.statements[at];
    if (last === undefined || !ts.isExpressionStatement(last)) return seen;
    const call = ts.setTextRange(
      factory.createCallExpression(kernel("result"), undefined, [last.expression]),
      last.expression,
    );
    const shown = ts.setTextRange(factory.createExpressionStatement(call), last);
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
