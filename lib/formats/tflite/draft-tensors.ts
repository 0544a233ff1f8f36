/** Tensors and buffers on their way into a file: the mirror image of tensors.ts. */
import { LabError } from "../../errors.js";
import { isStatic } from "../../graph/shape.js";
import { type BlockQuantization, type Constant, constantOf, type Tensor } from "../../graph/tensor.js";
import {
  BLOCKWISE_QUANTIZATION,
  type BufferDraft,
  CUSTOM_QUANTIZATION,
  MULTI_AXIS_QUANTIZATION,
  QUANTIZATION_DETAILS,
  type QuantizationDraft,
  type TensorDraft,
} from "./schema.js";
import { draftSparsity, sparsify } from "./sparsity.js";

/** The buffers of a file. Number 0 is the one without bytes, for tensors that are computed. */
export class BufferList {
  readonly drafts: BufferDraft[] = [{}];
  readonly #numbers = new Map<Constant, number>();
  readonly #behind: boolean;

  /** `behind` puts the bytes after the FlatBuffer, where they may exceed 2 GiB. */
  constructor({ behind }: { readonly behind: boolean }) {
    this.#behind = behind;
  }

  /** Returns the number of the buffer with these bytes; one constant is written once. */
  add(data: Constant): number {
    const known = this.#numbers.get(data);
    if (known !== undefined) return known;
    const number = this.drafts.length;
    this.#numbers.set(data, number);
    const empty = data.byteLength === 0;
    this.drafts.push(empty ? {} : this.#behind ? { offset: data, size: data.byteLength } : { data });
    return number;
  }
}

/** The tensors of one subgraph, numbered in the order in which they are asked for. */
export class TensorList {
  readonly #tensors: Tensor[] = [];
  readonly #numbers = new Map<Tensor, number>();

  number(tensor: Tensor): number {
    const known = this.#numbers.get(tensor);
    if (known !== undefined) return known;
    const number = this.#tensors.length;
    this.#numbers.set(tensor, number);
    this.#tensors.push(tensor);
    return number;
  }

  /** Returns the number of a tensor of this name; undefined when there is none. */
  named(name: string, preferred: readonly Tensor[]): number | undefined {
    const found = [...preferred, ...this.#tensors].find((tensor) => tensor.name === name);
    return found && this.number(found);
  }

  /** Returns the tensors' records. Those that only a record refers to, scales per block, join the list. */
  drafts(buffers: BufferList): TensorDraft[] {
    const drafts: TensorDraft[] = [];
    for (let index = 0; index < this.#tensors.length; index++) {
      drafts.push(this.#draft(this.#tensors[index]!, buffers));
    }
    return drafts;
  }

  #draft(tensor: Tensor, buffers: BufferList): TensorDraft {
    const { name, dtype, isVariable, recorded } = tensor;
    const { data, sparsity } = storedData(tensor);
    return {
      name,
      dtype,
      shape: shapeOf(tensor),
      hasRank: tensor.shape !== null,
      buffer: data === null ? 0 : buffers.add(data),
      quantization: this.#quantization(tensor),
      isVariable,
      sparsity: sparsity && draftSparsity(sparsity),
      shapeSignature: recorded?.shapeSignature,
      variantTensors: recorded?.variants,
    };
  }

  #blocks({ scales, zeroPoints, blockSize, blockShape, axes }: BlockQuantization): QuantizationDraft {
    const numbers = {
      scales: this.number(scales),
      zeroPoints: zeroPoints ? this.number(zeroPoints) : 0,
      blockSize,
    };
    return axes
      ? {
          detailsType: QUANTIZATION_DETAILS.multiAxis,
          details: { fields: MULTI_AXIS_QUANTIZATION, values: { ...numbers, axes } },
          quantizedDimension: 0,
        }
      : {
          detailsType: QUANTIZATION_DETAILS.blockwise,
          details: { fields: BLOCKWISE_QUANTIZATION, values: { ...numbers, blockShape } },
        };
  }

  #quantization({ quantization, blocks, recorded }: Tensor): QuantizationDraft | null {
    const custom = recorded?.customQuantization;
    const { range } = recorded ?? {};
    if (!quantization && !blocks && !custom && !range) return null;
    return {
      min: range?.min,
      max: range?.max,
      scale: quantization?.scale,
      zeroPoint: quantization?.zeroPoint,
      quantizedDimension: quantization?.axis ?? blocks?.axis ?? 0,
      ...(blocks ? this.#blocks(blocks) : {}),
      ...(custom
        ? {
            detailsType: QUANTIZATION_DETAILS.custom,
            details: { fields: CUSTOM_QUANTIZATION, values: { custom } },
          }
        : {}),
    };
  }
}

/** Sizes that are unknown are −1; a dimension that only has a name is one of them. */
function shapeOf({ shape }: Tensor): readonly number[] | null {
  return shape?.map((size) => (typeof size === "number" ? size : -1)) ?? null;
}

/** Returns the bytes as the file stores them: without zeros where it did, if the zeros are still there. */
function storedData(tensor: Tensor) {
  const { data, dtype, shape, name } = tensor;
  const sparsity = tensor.recorded?.sparsity ?? null;
  if (data === null || sparsity === null || !isStatic(shape)) return { data, sparsity: null };
  const packed = sparsify(data, { sparsity, dtype, shape, at: name });
  return packed === null ? { data, sparsity: null } : { data: constantOf(packed), sparsity };
}

/** Returns the number of a tensor; throws a LabError that names the signature when it is gone. */
export function signatureTensor(
  tensors: TensorList,
  { key, name, ports }: { readonly key: string; readonly name: string; readonly ports: readonly Tensor[] },
): number {
  const found = tensors.named(name, ports);
  if (found !== undefined) return found;
  throw new LabError({
    code: "SIGNATURE",
    message: `Cannot write signature '${key}': its tensor '${name}' is not in the graph`,
    hint: "give the model signatures that name its inputs and outputs, or none",
  });
}
