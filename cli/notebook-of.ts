import type { Notebook } from "../kernel/notebook.js";
import type { Block } from "../lib/report/blocks.js";

/** Returns a report as a notebook without code, so that one renderer makes every page. */
export function notebookOf(blocks: readonly Block[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: blocks.map((block, index) => {
      const id = `block-${index + 1}`;
      return block.kind === "markdown"
        ? { cell_type: "markdown", id, metadata: {}, source: block.text }
        : {
            cell_type: "code",
            id,
            metadata: {},
            source: "",
            execution_count: null,
            outputs: [{ output_type: "display_data", data: { ...block.bundle }, metadata: {} }],
          };
    }),
  };
}
