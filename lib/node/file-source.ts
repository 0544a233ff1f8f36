import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { LabError } from "../errors.js";
import type { ByteSource } from "../source.js";

/** Reading a small file whole keeps every constant a view into one buffer; larger ones are read by range. */
const WHOLE_FILE_LIMIT = 64 * 1024 * 1024;
/** A read of 2 GiB or more fails on some systems; so does one of `readSync`. */
const LARGEST_READ = 1024 * 1024 * 1024;

interface OpenFile {
  readonly descriptor: number;
  readonly path: string;
  readonly size: number;
}

function readRange({ descriptor, path }: OpenFile, offset: number, target: Uint8Array): void {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(target.length - done, LARGEST_READ);
    const count = readSync(descriptor, target, done, length, offset + done);
    if (count === 0) {
      throw new LabError({
        code: "OUT_OF_FILE",
        message: `Cannot read ${target.length} bytes at byte ${offset} of '${path}': it ends at byte ${offset + done}`,
      });
    }
    done += count;
  }
}

function checkRange({ path, size }: OpenFile, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size) {
    throw new LabError({
      code: "OUT_OF_FILE",
      message: `Cannot read ${length} bytes at byte ${offset} of '${path}': it has ${size} bytes`,
    });
  }
}

function cannotOpen(path: string, why: string, cause?: unknown): LabError {
  return new LabError({
    code: "FILE",
    message: `Cannot open '${path}': ${why}`,
    hint: "give the path of a .tflite or .onnx file",
    ...(cause === undefined ? {} : { cause }),
  });
}

function open(path: string): OpenFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "reading it is not permitted"
          : String(cause);
    throw cannotOpen(path, why, cause);
  }
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return { descriptor, path, size: stat.size };
  closeSync(descriptor);
  throw cannotOpen(path, "it is not a file");
}

/**
 * Returns a byte source over a file. The file stays open until the process ends or `close` is called; a file
 * of up to 64 MiB is read once and closed at once. Throws a LabError when it cannot be opened or is a folder.
 */
export function fileSource(path: string): ByteSource & { close(): void } {
  const file = open(path);
  const { size } = file;
  if (size <= WHOLE_FILE_LIMIT) {
    const bytes = new Uint8Array(size);
    try {
      readRange(file, 0, bytes);
    } finally {
      closeSync(file.descriptor);
    }
    return {
      name: path,
      size,
      bytes,
      read(offset, length) {
        checkRange(file, offset, length);
        return bytes.subarray(offset, offset + length);
      },
      close() {},
    };
  }
  return {
    name: path,
    size,
    read(offset, length) {
      checkRange(file, offset, length);
      const data = new Uint8Array(length);
      readRange(file, offset, data);
      return data;
    },
    readInto(offset, target) {
      checkRange(file, offset, target.length);
      readRange(file, offset, target);
    },
    close() {
      closeSync(file.descriptor);
    },
  };
}
