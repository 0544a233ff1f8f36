/** Constants in files beside the model: ONNX external data, TFLite external buffers. */
import { LabError } from "../../errors.js";
import type { Constant } from "../../graph/tensor.js";
import type { ByteSource } from "../../source.js";

/** A location stays in the model's folder: relative, no step up, no drive, no scheme. */
function isInside(location: string): boolean {
  if (location === "" || /^[/\\]|^[a-z][a-z0-9+.-]*:|\0/i.test(location)) return false;
  return !location.split(/[/\\]/).includes("..");
}

/** Returns `length` bytes from `offset` of the file at `location`, which is opened when they are read. */
export function siblingConstant({
  location,
  offset,
  length,
  tensor,
  siblings,
}: {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** For messages. */
  readonly tensor: string;
  readonly siblings: ((name: string) => ByteSource) | undefined;
}): Constant {
  const wrong = (why: string, hint: string, cause?: unknown) =>
    new LabError({
      code: "EXTERNAL_DATA",
      message: `Cannot read tensor '${tensor}': ${why}`,
      hint,
      ...(cause === undefined ? {} : { cause }),
    });
  if (!isInside(location)) {
    throw wrong(
      `its data is said to lie in '${location}', expected a file below the folder of the model`,
      "weights are read only from beside the model; move the file there and correct its location",
    );
  }
  const open = (): ByteSource => {
    if (siblings === undefined) {
      throw wrong(
        `its data lies in '${location}', which was not given with the model`,
        "open the model from its folder, or pass `siblings`",
      );
    }
    let source: ByteSource;
    try {
      source = siblings(location);
    } catch (cause) {
      // Who opens it may know better what is wrong with it: a link out of the folder, a wrong checksum.
      if (cause instanceof LabError && cause.code === "EXTERNAL_DATA") throw cause;
      throw wrong(`its data file '${location}' cannot be opened`, "put it beside the model", cause);
    }
    if (offset < 0 || offset + length > source.size) {
      throw wrong(
        `its data is said to end at byte ${offset + length} of '${location}', which has ${source.size} bytes`,
        "the data file does not belong to this model, or was cut short",
      );
    }
    return source;
  };
  return { byteLength: length, read: () => open().read(offset, length) };
}
