import { LabError } from "../../errors.js";
import type { Node } from "../node.js";
import { sameQuantization } from "../quantization.js";
import { type Quantization, Tensor } from "../tensor.js";

/**
 * Puts a quantisation onto the stored tensor of a node and returns the tensor: the same one, or a second
 * view of a constant that another node reads with other scales. Throws a LabError where a computed tensor
 * would stand for two different values.
 */
export function claimQuantization({
  node,
  tensor,
  quantization,
}: {
  readonly node: Node;
  readonly tensor: Tensor;
  readonly quantization: Quantization;
}): Tensor {
  if (tensor.quantization === null) {
    tensor.quantization = quantization;
    return tensor;
  }
  if (sameQuantization(tensor.quantization, quantization)) return tensor;
  if (tensor.isConstant) return new Tensor({ ...fieldsOf(tensor), quantization });
  throw new LabError({
    code: "QUANTIZATION_CONTRADICTION",
    message: `Cannot fold ${node.describe()}: it takes tensor '${tensor.name}' with scale ${quantization.scale[0]} and zero point ${quantization.zeroPoint[0]}, another node with ${tensor.quantization.scale[0]} and ${tensor.quantization.zeroPoint[0]}`,
    at: node.name,
  });
}

function fieldsOf({ name, dtype, shape, data }: Tensor) {
  return { name, dtype, shape, data };
}
