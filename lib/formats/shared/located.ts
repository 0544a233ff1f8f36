import { DecodeError, LabError } from "../../errors.js";

/** A place in a file: the byte where a thing begins, and its field. */
export interface FilePlace {
  readonly start: number;
  readonly path: string;
}

/** Returns an error with its place in the file; one that has a place already stays, and so does what is not ours. */
export function locatedError(error: unknown, { start, path }: FilePlace): unknown {
  if (!(error instanceof LabError) || error instanceof DecodeError) return error;
  const { code, message, hint, cause } = error;
  return new DecodeError({
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    offset: start,
    path,
    cause: cause ?? error,
  });
}

/** Returns what `read` returns; an error that it throws gets the place where reading was. */
export function located<T>(place: FilePlace, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw locatedError(error, place);
  }
}
