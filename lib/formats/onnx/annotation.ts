/** TensorAnnotation: how the stored numbers of a tensor stand for real ones, said beside the nodes. */
import { LabError } from "../../errors.js";
import { isInteger } from "../../graph/dtype.js";
import { tensorNumbers } from "../../graph/elements.js";
import type { Quantization, Tensor } from "../../graph/tensor.js";
import { ANNOTATION_COST, ELEMENT_COST } from "./costs.js";
import { readEntry } from "./entry.js";
import { PLACE } from "./interner.js";
import type { Scope } from "./scope.js";
import type { Message } from "./wire.js";

export interface Annotation {
  /** Number of the tensor's name. */
  readonly tensor: number;
  /** Names of constants by role: SCALE_TENSOR, ZERO_POINT_TENSOR, and those of other tools. */
  readonly roles: ReadonlyMap<string, string>;
}

/** Numbers and lists of them that a byte of scales becomes: at least one byte is a number. */
const COPIES = 2 * ELEMENT_COST;

export function readAnnotation(message: Message): Annotation {
  message.spend(ANNOTATION_COST);
  let tensor = 0;
  const roles = new Map<string, string>();
  while (message.next()) {
    // 1: tensor_name, 2: quant_parameter_tensor_names
    if (message.field === 1) tensor = message.name(PLACE.other);
    else if (message.field === 2) {
      const [role, name] = readEntry(message.message("quant_parameter_tensor_names"));
      roles.set(role, name);
    }
  }
  return { tensor, roles };
}

/** Puts what annotations say on the tensors; those that name no scale, or a tensor that is not there, say nothing. */
export function annotate(annotations: readonly Annotation[], scope: Scope, message: Message): void {
  const { names } = message.file;
  for (const { tensor: name, roles } of annotations) {
    const tensor = scope.find(name);
    const scaleName = roles.get("SCALE_TENSOR");
    if (!tensor || scaleName === undefined) continue;
    const zeroName = roles.get("ZERO_POINT_TENSOR");
    const find = (text: string) => scope.find(names.numberOf(text));
    const scale = find(scaleName);
    const zeroPoint = zeroName === undefined ? null : find(zeroName);
    // Any number of tensors may share one long list of scales; each gets its own.
    for (const list of [scale, zeroPoint]) message.spend(COPIES * (list?.data?.byteLength ?? 0));
    tensor.quantization = quantizationOf({ tensor, scale, zeroPoint });
  }
}

function quantizationOf({
  tensor,
  scale,
  zeroPoint,
}: {
  readonly tensor: Tensor;
  readonly scale: Tensor | undefined;
  readonly zeroPoint: Tensor | null | undefined;
}): Quantization {
  const refuse = (why: string) =>
    new LabError({
      code: "QUANTIZATION",
      message: `Cannot use the quantisation annotation of '${tensor.name}': ${why}`,
      at: tensor.name,
    });
  if (!scale?.isConstant || zeroPoint === undefined || zeroPoint?.isConstant === false) {
    throw refuse("its scale or zero point is no constant of the file");
  }
  const scales = Array.from(tensorNumbers(scale));
  if (scales.length === 0) throw refuse("its scale is empty");
  const zeros = zeroPoint && isInteger(zeroPoint.dtype) ? Array.from(tensorNumbers(zeroPoint)) : [0];
  if (zeros.length !== 1 && zeros.length !== scales.length) {
    throw refuse(`it has ${scales.length} scales and ${zeros.length} zero points, expected as many`);
  }
  const zeroPoints = zeros.length === scales.length ? zeros : scales.map(() => zeros[0]!);
  if (scales.length === 1) return { scale: scales, zeroPoint: zeroPoints, axis: null };
  // The format has no place for the axis: it is known where one axis alone has that size.
  const axes = (tensor.shape ?? []).flatMap((dim, axis) => (dim === scales.length ? [axis] : []));
  if (axes.length !== 1) {
    throw refuse(
      `it has ${scales.length} scales and ${axes.length} axes of that size, expected one axis that they run along`,
    );
  }
  return { scale: scales, zeroPoint: zeroPoints, axis: axes[0]! };
}
