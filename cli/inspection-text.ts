import type { Inspection } from "../lib/analyze/inspect.js";
import { formatCell } from "../lib/table/columns.js";

const whole = (value: number) => formatCell("count", value);

/** Returns an inspection as text for a terminal. */
export function inspectionText(inspection: Inspection, { nodes }: { readonly nodes: boolean }): string {
  const { model } = inspection;
  const ports = (title: string, list: Inspection["inputs"]) =>
    list.map(
      ({ name, shape, dtype, quantization }) =>
        `${title.padEnd(10)}${name}  ${shape}  ${dtype}${quantization ? `  ${quantization}` : ""}`,
    );
  const operators = inspection.operators.map(({ op, count }) => `${op} ×${count}`).join(", ");
  return [
    `${model.file}`,
    `format    ${model.format} (${model.version})${model.producer ? `, made by ${model.producer}` : ""}`,
    `sha256    ${model.sha256}`,
    ...ports("input", inspection.inputs),
    ...ports("output", inspection.outputs),
    `nodes     ${whole(inspection.nodes.length)}: ${operators}`,
    `constants ${whole(inspection.weightBytes)} B in ${whole(inspection.constants)} tensors`,
    ...(inspection.macs === null ? [] : [`work      ${whole(inspection.macs)} multiply-adds`]),
    ...inspection.notes.map((note) => `note      ${note}`),
    ...(nodes
      ? inspection.nodes.map(
          ({ index, op, name, inputs, outputs }) =>
            `${String(index).padStart(5)}  ${op.padEnd(24)} ${inputs.join(", ")} -> ${outputs.join(", ")}  ${name}`,
        )
      : []),
  ].join("\n");
}
