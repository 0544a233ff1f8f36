/** Which findings of the compiler stop a cell, and where in the cell they are. */
import { relative } from "node:path";
import type { CellDiagnostic } from "../threads.js";
import { type CellMap, placeOf, toCell } from "./cell-map.js";
import { nodeAt } from "./node-at.js";
import { ts } from "./typescript.js";

/**
 * Findings about the module format, true of a CommonJS file and not of a cell: a cell runs as the body of an
 * async function and imports through `import()`.
 */
const FORMAT_CODES: ReadonlySet<number> = new Set([
  1309,
  1378,
  1432, // top-level `await` and `for await` need another module option
  1343,
  1470, // `import.meta` likewise
  2823,
  2856, // import attributes likewise
  2852,
  2854, // `await using` likewise
  4094, // declaration files of anonymous classes: none are written
  5095, // bundler resolution with this module option
]);

/** "Cannot assign to 'n' because it is an import." */
const ASSIGN_TO_IMPORT = 2632;

export interface DiagnosticsOptions {
  readonly service: ts.LanguageService;
  readonly fileName: string;
  readonly folder: string;
  /** Present for the cell at hand, absent for local files. */
  readonly cell?: { readonly code: string; readonly map: CellMap };
}

/** Returns the errors of one file; the syntax errors alone when there are any. */
export function errorsOf({ service, fileName, folder, cell }: DiagnosticsOptions): CellDiagnostic[] {
  const syntax = service.getSyntacticDiagnostics(fileName);
  const found = syntax.length > 0 ? syntax : service.getSemanticDiagnostics(fileName);
  const errors: CellDiagnostic[] = [];
  for (const each of found) {
    if (each.category !== ts.DiagnosticCategory.Error || FORMAT_CODES.has(each.code)) continue;
    let { code, messageText } = each as { code: number; messageText: string | ts.DiagnosticMessageChain };
    if (code === ASSIGN_TO_IMPORT) {
      const refusal = assignmentRefusal(each, service.getProgram());
      if (refusal === undefined) continue;
      ({ code, messageText } = refusal);
    }
    const text = cell?.code ?? each.file?.text ?? "";
    const start = each.start ?? 0;
    const place = placeOf(text, cell === undefined ? start : toCell(cell.map, start));
    errors.push({
      ...place,
      length: each.length ?? 1,
      code,
      message: ts.flattenDiagnosticMessageText(messageText, "\n"),
      source: text.split("\n")[place.line - 1] ?? "",
      ...(cell === undefined ? { file: relative(folder, fileName) } : {}),
    });
  }
  return errors;
}

/**
 * A name of an earlier cell is an import to the compiler and a variable to its user: returns why it still
 * cannot be assigned, with the words and codes the compiler has for one file, or undefined when it can.
 */
function assignmentRefusal(
  diagnostic: ts.Diagnostic,
  program: ts.Program | undefined,
): { readonly code: number; readonly messageText: string } | undefined {
  const checker = program?.getTypeChecker();
  const node = diagnostic.file && nodeAt(diagnostic.file, diagnostic.start ?? 0);
  const alias = node && checker?.getSymbolAtLocation(node);
  if (alias === undefined || !(alias.flags & ts.SymbolFlags.Alias)) return undefined;
  const target = checker?.getAliasedSymbol(alias);
  const declaration = target?.valueDeclaration;
  if (declaration === undefined) return undefined;
  const name = node?.getText();
  if (ts.isVariableDeclaration(declaration) || ts.isBindingElement(declaration)) {
    const constant = ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const;
    return constant
      ? { code: 2588, messageText: `Cannot assign to '${name}' because it is a constant.` }
      : undefined;
  }
  if (ts.isFunctionDeclaration(declaration)) {
    return { code: 2630, messageText: `Cannot assign to '${name}' because it is a function.` };
  }
  return { code: ASSIGN_TO_IMPORT, messageText: `Cannot assign to '${name}' because it is not a variable.` };
}
