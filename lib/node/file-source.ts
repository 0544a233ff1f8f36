import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LabError } from "../errors.js";
import type { ByteSource } from "../source.js";

/** Reading a small file whole keeps every constant a view into one buffer; larger ones are read by range. */
const WHOLE_FILE_LIMIT = 64 * 1024 * 1024;

function readRange(file: number, path: string, offset: number, length: number): Uint8Array {
  const data = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, data, done, length - done, offset + done);
    if (count === 0) {
      throw new LabError({
        code: "OUT_OF_FILE",
        message: `Cannot read ${length} bytes at byte ${offset} of '${path}': it ends at byte ${offset + done}`,
      });
    }
    done += count;
  }
  return data;
}

function cannotOpen(path: string, cause: unknown): LabError {
  const code = (cause as NodeJS.ErrnoException).code;
  const why =
    code === "ENOENT"
      ? "there is no such file"
      : code === "EACCES"
        ? "reading it is not permitted"
        : String(cause);
  return new LabError({
    code: "FILE",
    message: `Cannot open '${path}': ${why}`,
    hint: "give the path of a .tflite or .onnx file",
    cause,
  });
}

/**
 * Returns a byte source over a file. The file stays open until the process ends or `close` is called; a file
 * of up to 64 MiB is read once and closed at once. Throws a LabError when it cannot be opened or is a folder.
 */
export function fileSource(path: string): ByteSource & { close(): void } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw cannotOpen(path, cause);
  }
  const stat = fstatSync(file);
  if (!stat.isFile()) {
    closeSync(file);
    throw new LabError({
      code: "FILE",
      message: `Cannot open '${path}': it is not a file`,
      hint: "give the path of a .tflite or .onnx file",
    });
  }
  const size = stat.size;
  const whole = size <= WHOLE_FILE_LIMIT ? readRange(file, path, 0, size) : null;
  if (whole) closeSync(file);
  return {
    name: path,
    size,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size) {
        throw new LabError({
          code: "OUT_OF_FILE",
          message: `Cannot read ${length} bytes at byte ${offset} of '${path}': it has ${size} bytes`,
        });
      }
      return whole ? whole.subarray(offset, offset + length) : readRange(file, path, offset, length);
    },
    close() {
      if (!whole) closeSync(file);
    },
  };
}
