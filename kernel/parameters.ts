/**
 * Parameters of a notebook, as papermill has them: a cell tagged `parameters` declares names with defaults,
 * and a run puts a cell behind it that declares them anew.
 *
 *     // parameters                        // injected-parameters
 *     let model = "mobilenet_v1";    →     let resolution = 128;
 *     let resolution = 224;
 */
import { LabError } from "../lib/errors.js";
import type { Cell, CodeCell, Json, Notebook } from "./notebook.js";

export type Parameters = { readonly [name: string]: Json };

const INJECTED = "injected-parameters";
const DECLARATION = /^\s*(?:export\s+)?(?:let|const|var)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;

/** Returns the notebook with the parameters set; an earlier injected cell is replaced, defaults stay. */
export function withParameters(notebook: Notebook, parameters: Parameters): Notebook {
  const names = Object.keys(parameters);
  if (names.length === 0) return notebook;
  const cells = notebook.cells.filter((cell) => !hasTag(cell, INJECTED));
  const at = cells.findIndex((cell) => cell.cell_type === "code" && hasTag(cell, "parameters"));
  const declaring = cells[at];
  if (declaring === undefined) {
    throw new LabError({
      code: "PARAMETERS",
      message: `Cannot set ${names.join(", ")}: the notebook has no code cell tagged 'parameters'`,
      hint: "Add the tag to the cell that declares the defaults (cell metadata: tags)",
    });
  }
  const declared = [...declaring.source.matchAll(DECLARATION)].map(([, name]) => name as string);
  const unknown = names.filter((name) => !declared.includes(name));
  if (unknown.length > 0) {
    throw new LabError({
      code: "PARAMETERS",
      message: `Cannot set ${unknown.join(", ")}: the parameters cell declares ${declared.join(", ") || "nothing"}`,
      at: `cells[${at}]`,
    });
  }
  return { ...notebook, cells: [...cells.slice(0, at + 1), injected(parameters), ...cells.slice(at + 1)] };
}

function injected(parameters: Parameters): CodeCell {
  // `let`, because a `const` would narrow 128 to the type 128 and make `resolution === 224` an error.
  const declarations = Object.entries(parameters).map(
    ([name, value]) => `let ${name} = ${JSON.stringify(value)};`,
  );
  return {
    id: INJECTED,
    cell_type: "code",
    execution_count: null,
    metadata: { tags: [INJECTED] },
    outputs: [],
    source: ["// Parameters of this run", ...declarations].join("\n"),
  };
}

function hasTag(cell: Cell, tag: string): boolean {
  const { tags } = cell.metadata;
  return Array.isArray(tags) && tags.includes(tag);
}
