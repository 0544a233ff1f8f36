import type { CompileOptions, RomCause } from "../records.js";
import type { ContentStatus } from "./buffer-content.js";
import type { PackedImage } from "./pack-image.js";

/** One buffer of a written image. Offsets count from the start of the image. */
export interface LedgerBuffer {
  readonly name: string;
  readonly node: string;
  readonly op: string;
  readonly role: string;
  readonly mode: string;
  readonly rule: string;
  readonly explanation: string;
  readonly offset: number;
  readonly bytes: number;
  /** Sums to `bytes`. */
  readonly causes: Readonly<Partial<Record<RomCause, number>>>;
  readonly content: ContentStatus;
  /** Why the content is not known; left out when it is. */
  readonly why?: string;
  readonly sha256: string;
}

/** What `npulab pack --ledger` writes. */
export interface PackLedger {
  readonly schema: "npulab/pack@1";
  readonly options: CompileOptions;
  readonly sourceBytes: number;
  readonly imageBytes: number;
  readonly sha256: string;
  /** Bytes of buffers by how far their content can be trusted; the rest of the image is gaps of zeros. */
  readonly content: Readonly<Record<ContentStatus, number>>;
  /** Sums to `imageBytes`, gaps among them as `alignment`. */
  readonly causes: Readonly<Partial<Record<RomCause, number>>>;
  readonly buffers: readonly LedgerBuffer[];
}

type Causes = Partial<Record<RomCause, number>>;

function addUp(entries: readonly (readonly [RomCause, number])[]): Causes {
  const causes: Causes = {};
  for (const [cause, bytes] of entries) {
    if (bytes > 0) causes[cause] = (causes[cause] ?? 0) + bytes;
  }
  return causes;
}

/** Returns the ledger of an image: every buffer with its place, rule, causes and how far its bytes are known. */
export function packLedger(image: PackedImage, sha256: (bytes: Uint8Array) => string): PackLedger {
  const { rom, bytes, buffers } = image;
  const content = { known: 0, assumed: 0, unknown: 0 };
  for (const { buffer, content: held } of buffers) content[held.status] += buffer.bytes;
  return {
    schema: "npulab/pack@1",
    options: rom.options,
    sourceBytes: rom.sourceBytes,
    imageBytes: rom.imageBytes,
    sha256: sha256(bytes),
    content,
    causes: addUp(rom.ledger.map((entry) => [entry.cause, entry.bytes])),
    buffers: buffers.map(({ buffer, content: held }) => ({
      name: buffer.tensor,
      node: buffer.node.name,
      op: buffer.node.op,
      role: buffer.role,
      mode: buffer.mode,
      rule: buffer.rule,
      explanation: buffer.explanation,
      offset: buffer.offset,
      bytes: buffer.bytes,
      causes: addUp(buffer.causes),
      content: held.status,
      ...(held.why === "" ? {} : { why: held.why }),
      sha256: sha256(held.bytes),
    })),
  };
}
