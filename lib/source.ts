import { LabError } from "./errors.js";

/**
 * Where bytes come from: a buffer, a file, a fetched Blob. Reading is synchronous and by range, so that a
 * model opens without its weights; a returned array may be a view and must not be written to.
 */
export interface ByteSource {
  /** What people know it by: a path or a title. */
  readonly name: string;
  readonly size: number;
  /** Returns `length` bytes from `offset`; throws a LabError when they lie outside. */
  read(offset: number, length: number): Uint8Array;
  /** All of it, where it is in memory anyway; never write into it. */
  readonly bytes?: Uint8Array;
  /** Fills `target` from `offset` on, where that saves fresh memory; throws like `read`. */
  readInto?(offset: number, target: Uint8Array): void;
}

/** Fills `target` with the bytes of a source from `offset` on; throws a LabError when they lie outside. */
export function readInto(source: ByteSource, offset: number, target: Uint8Array): void {
  if (source.readInto) source.readInto(offset, target);
  else target.set(source.read(offset, target.length));
}

/** Wraps bytes that are already in memory; `read` returns views. */
export function bufferSource(name: string, data: Uint8Array): ByteSource {
  return {
    name,
    size: data.byteLength,
    bytes: data,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > data.byteLength) {
        throw new LabError({
          code: "OUT_OF_FILE",
          message: `Cannot read ${length} bytes at byte ${offset} of '${name}': it has ${data.byteLength} bytes`,
        });
      }
      return data.subarray(offset, offset + length);
    },
  };
}
