/**
 * What a person can act on. The sentence says what could not be done, which thing is how, and what was
 * expected; `hint` says what to try next; `at` says where (a node, a tensor, a line of a file).
 */
export interface LabErrorFields {
  /** Stable identifier, upper case, for programs and tests. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly at?: string;
  readonly cause?: unknown;
}

/** The longest sentence, or place, that people are shown; a damaged file may hold names of any length. */
const LONGEST = 1_500;

function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST / 2)} … ${text.slice(-LONGEST / 2)}`;
}

export class LabError extends Error {
  override readonly name: string = "LabError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly at: string | undefined;

  constructor({ code, message, hint, at, cause }: LabErrorFields) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.at = at;
  }

  /** Returns the whole error as one paragraph: sentence, place, hint; names of a megabyte are cut in their middle. */
  describe(): string {
    const place = this.at === undefined ? "" : ` (${this.at})`;
    const hint = this.hint === undefined ? "" : ` Hint: ${this.hint}`;
    return `${shortened(this.message)}${shortened(place)}.${hint}`;
  }
}

/**
 * A file that cannot be read: where in the file (`offset`, bytes; characters of a text) and in which field
 * (`path`). `place` says it as people look for it in a text: `line 3, column 11`.
 */
export class DecodeError extends LabError {
  override readonly name = "DecodeError";
  readonly offset: number;
  readonly path: string;

  constructor(
    fields: Omit<LabErrorFields, "at"> & {
      readonly offset: number;
      readonly path: string;
      readonly place?: string;
    },
  ) {
    super({ ...fields, at: fields.place ?? `${fields.path} at byte ${fields.offset}` });
    this.offset = fields.offset;
    this.path = fields.path;
  }
}
