/** Cells that touch what most cells touch, so that the first real one finds it read and compiled. */
import { languageSession } from "./session.js";
import { createWorkspace, type Workspace } from "./workspace.js";

const CELLS: readonly string[] = [
  "const warm = [1].map((each) => each); warm",
  "interface Warm { readonly size: number }\nfunction grow({ size }: Warm): Warm { return { size: size + warm.length } }",
  'import { join } from "node:path";\nclass Fold<T> extends Map<string, T> {}\nnew Fold<Warm>().set(join("a"), grow({ size: 1 }));',
  "for await (const each of [Promise.resolve(warm)]) console.log(each.length)",
  "const wrong: string = 1",
  "1 + 1",
];

/** Returns a workspace that has served a notebook which nobody has; `types` is the folder with Node's types. */
export function warmWorkspace(types: string | undefined): Workspace {
  const workspace = createWorkspace({ types });
  const session = languageSession("/", workspace);
  const modules: string[] = [];
  for (const code of CELLS) {
    const compiled = session.answer({ op: "compile", code });
    if (!compiled.ok) continue;
    modules.push(compiled.module.id);
    session.commit(compiled.module.id, [...compiled.values, ...compiled.types]);
  }
  // Nothing is completed: that makes an Intl.Collator, which no snapshot can hold.
  session.answer({ op: "inspect", code: "Math.max(1)", position: 6 });
  session.answer({ op: "isComplete", code: "function f() {" });
  workspace.setCurrent("export {};\n");
  for (const module of modules) workspace.dropCell(module);
  // A program of nothing but the types: what the cells have left goes.
  workspace.service.getProgram();
  return workspace;
}
