/**
 * Collects the messages of one cell as the outputs a notebook file holds. What depends on timing goes:
 * pieces of one stream are joined, however they were cut on their way.
 */
import type { DisplayOutput, Json, JsonRecord, Output, ResultOutput } from "./notebook.js";
import type { JsonObject, Message } from "./protocol/message.js";

type Shown = DisplayOutput | ResultOutput;

/** All cells of a run share one book: a display may be updated by a later cell. */
export interface OutputBook {
  add(cell: string, message: Message): void;
  outputsOf(cell: string): readonly Output[];
  /** Puts an error of the runner itself under a cell. */
  addError(cell: string, error: { readonly ename: string; readonly evalue: string }): void;
}

export function outputBook(): OutputBook {
  const cells = new Map<string, Output[]>();
  const displays = new Map<string, { readonly outputs: Output[]; index: number }[]>();
  const clearing = new Set<string>();

  const outputsOf = (cell: string): Output[] => {
    const known = cells.get(cell) ?? [];
    cells.set(cell, known);
    return known;
  };

  function push(cell: string, output: Output): void {
    const outputs = outputsOf(cell);
    if (clearing.delete(cell)) clear(outputs);
    const last = outputs.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
      outputs[outputs.length - 1] = { ...last, text: last.text + output.text };
    } else outputs.push(output);
  }

  function clear(outputs: Output[]): void {
    outputs.length = 0;
    for (const [id, places] of displays)
      displays.set(
        id,
        places.filter((place) => place.outputs !== outputs),
      );
  }

  function show(cell: string, output: Shown, content: JsonObject): void {
    push(cell, output);
    const id = displayId(content);
    if (id === undefined) return;
    const outputs = outputsOf(cell);
    displays.set(id, [...(displays.get(id) ?? []), { outputs, index: outputs.length - 1 }]);
  }

  return {
    outputsOf,
    addError(cell, { ename, evalue }) {
      push(cell, {
        output_type: "error",
        ename,
        evalue,
        traceback: [`\u001b[31m${ename}\u001b[39m: ${evalue}`],
      });
    },
    add(cell, { header, content }) {
      const shown = { data: record(content.data), metadata: record(content.metadata) };
      switch (header.msg_type) {
        case "stream":
          return push(cell, {
            output_type: "stream",
            name: content.name === "stderr" ? "stderr" : "stdout",
            text: String(content.text ?? ""),
          });
        case "display_data":
          return show(cell, { output_type: "display_data", ...shown }, content);
        case "execute_result":
          return show(
            cell,
            { output_type: "execute_result", execution_count: Number(content.execution_count), ...shown },
            content,
          );
        case "update_display_data":
          for (const { outputs, index } of displays.get(displayId(content) ?? "") ?? []) {
            outputs[index] = { ...(outputs[index] as Shown), ...shown };
          }
          return;
        case "clear_output":
          if (content.wait === true) clearing.add(cell);
          else clear(outputsOf(cell));
          return;
        case "error":
          return push(cell, {
            output_type: "error",
            ename: String(content.ename),
            evalue: String(content.evalue),
            traceback: Array.isArray(content.traceback) ? content.traceback.map(String) : [],
          });
      }
    },
  };
}

function displayId(content: JsonObject): string | undefined {
  const id = (content.transient as JsonObject | undefined)?.display_id;
  return typeof id === "string" ? id : undefined;
}

function record(value: unknown): JsonRecord {
  return typeof value === "object" && value !== null ? (value as { readonly [key: string]: Json }) : {};
}
