/** What a set of flash images holds, as plain data: `npulab/image-manifest@1`. */

export const MANIFEST_SCHEMA = "npulab/image-manifest@1";

/** One buffer of an image. `offset` counts from the start of its pool. */
export interface ManifestBuffer {
  readonly name: string;
  readonly node: string;
  readonly role: string;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
  /** Eight hexadecimal digits, and sixty-four. */
  readonly crc32: string;
  readonly sha256: string;
  /** How far the bytes can be trusted; `unknown` ones are zeros. */
  readonly content: "known" | "assumed" | "unknown";
}

export interface ManifestPool {
  readonly name: string;
  readonly address: number;
  /** Of the image: up to the end of its last buffer. */
  readonly bytes: number;
  readonly crc32: string;
  readonly sha256: string;
  /** flash: programmed once; ram: copied before the first inference of each start. */
  readonly kind: "flash" | "ram";
  readonly files: {
    /** The image alone, as the vendor's tool names and writes it. */
    readonly raw: string;
    /** With its seal, for flash. */
    readonly bin: string | null;
    /** The same with addresses. */
    readonly hex: string;
  };
  /** Where the seal lies, when there is one. */
  readonly seal: { readonly address: number; readonly bytes: number } | null;
  readonly buffers: readonly ManifestBuffer[];
}

/** Bytes to be copied to RAM; `offset` counts from the start of the store. */
export interface ManifestInstall {
  readonly pool: string;
  readonly destination: number;
  readonly offset: number;
  readonly bytes: number;
  readonly crc32: string;
}

export interface ImageManifest {
  readonly schema: typeof MANIFEST_SCHEMA;
  readonly model: { readonly file: string; readonly sha256: string };
  readonly target: {
    readonly board: string;
    readonly tool: string;
    readonly epochController: boolean;
    readonly profile: string;
  };
  /** Bytes of buffers by how far they can be trusted; only an image without unknown ones can run. */
  readonly content: { readonly known: number; readonly assumed: number; readonly unknown: number };
  readonly pools: readonly ManifestPool[];
  /** The file that keeps what goes to RAM, and what of it goes where; null when nothing does. */
  readonly store: {
    readonly file: string;
    readonly bytes: number;
    readonly entries: readonly ManifestInstall[];
  } | null;
}
