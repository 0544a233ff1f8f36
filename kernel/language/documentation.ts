/**
 * Doc comments, read when somebody asks for one. The program is parsed without them; the statement that holds
 * the declaration is parsed once more, by itself and with them:
 *
 *     lib.es5.d.ts: … interface Math { … max(...values: number[]): number … } …
 *                     └────── parsed again; `max` is at the same distance from its start ──────┘
 */
import { widen } from "./narrow.js";
import { nodeAt } from "./node-at.js";
import { ts } from "./typescript.js";

/** Returns what the comments of the thing at `offset` say, tags included; empty when there are none. */
export function documentationAt(program: ts.Program, fileName: string, offset: number): string {
  const file = program.getSourceFile(fileName);
  if (file === undefined) return "";
  const node = nodeAt(file, offset);
  const comments = declarationsOf(node, program.getTypeChecker()).map(commentsOf);
  return [...new Set(comments)].filter((text) => text !== "").join("\n\n");
}

/** Of a call, the one overload that is called; else all that declare the name. */
function declarationsOf(name: ts.Node, checker: ts.TypeChecker): readonly ts.Node[] {
  const callee = ts.isPropertyAccessExpression(name.parent) && name.parent.name === name ? name.parent : name;
  const call = callee.parent;
  if ((ts.isCallExpression(call) || ts.isNewExpression(call)) && call.expression === callee) {
    const declaration = checker.getResolvedSignature(call)?.declaration;
    if (declaration !== undefined && commentsOf(declaration) !== "") return [declaration];
  }
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol === undefined) return [];
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return target.declarations ?? [];
}

function commentsOf(declaration: ts.Node): string {
  const file = declaration.getSourceFile();
  const statement = file.statements.find(({ pos, end }) => pos <= declaration.pos && declaration.end <= end);
  if (statement === undefined) return "";
  const again = ts.createSourceFile(
    file.fileName,
    file.text.slice(statement.pos, statement.end),
    { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseAll },
    true,
  );
  const found = same(again, declaration, statement.pos);
  if (found === undefined) return "";
  const parts: string[] = [];
  for (const comment of ts.getJSDocCommentsAndTags(found)) {
    if (!ts.isJSDoc(comment)) continue;
    parts.push(ts.getTextOfJSDocComment(comment.comment) ?? "");
    for (const tag of comment.tags ?? []) parts.push(tagText(tag));
  }
  return widen(parts.filter((text) => text !== "").join("\n\n"));
}

function tagText(tag: ts.JSDocTag): string {
  const name = ts.isJSDocParameterTag(tag) || ts.isJSDocPropertyTag(tag) ? tag.name.getText() : "";
  const text = ts.getTextOfJSDocComment(tag.comment) ?? "";
  return [`@${tag.tagName.text}`, name, text].filter((part) => part !== "").join(" ");
}

/** Returns the node of another parse that is `sought`, whose file starts `shift` earlier. */
function same(file: ts.SourceFile, sought: ts.Node, shift: number): ts.Node | undefined {
  let node: ts.Node | undefined = file;
  while (node !== undefined) {
    if (node.kind === sought.kind && node.end === sought.end - shift && node !== file) return node;
    node = ts.forEachChild(node, (child) =>
      child.pos <= sought.pos - shift && sought.end - shift <= child.end ? child : undefined,
    );
  }
  return undefined;
}
