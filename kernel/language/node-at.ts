import { ts } from "./typescript.js";

/** Returns the innermost node of a file whose own text holds `offset`. */
export function nodeAt(file: ts.SourceFile, offset: number): ts.Node {
  let node: ts.Node = file;
  for (;;) {
    const child = ts.forEachChild(node, (each) =>
      each.getStart(file) <= offset && offset < each.end ? each : undefined,
    );
    if (child === undefined) return node;
    node = child;
  }
}
