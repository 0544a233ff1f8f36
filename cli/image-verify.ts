import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { LabError } from "../lib/errors.js";
import type { LocatedBytes } from "../lib/image/hex-image.js";
import type { ImageManifest, ManifestPool } from "../lib/image/manifest.js";

interface Flags {
  readonly pool?: string;
  readonly json?: boolean;
}

/** What `npulab image verify` ends with: the image is right, it is not, it could not be judged. */
const EXIT = { right: 0, wrong: 1, badInput: 2 } as const;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LabError({
      code: "FILE",
      message: `Cannot read '${path}': ${(cause as Error).message}`,
      cause,
    });
  }
}

/** Returns the pool that a raw image is meant for: the one that is named, or whose file it is, or the only one. */
function poolOf(path: string, { pools }: ImageManifest, wanted: string | undefined): ManifestPool {
  const files = ({ files: { raw, bin } }: ManifestPool) => [raw, bin].filter((name) => name !== null);
  const found =
    wanted === undefined
      ? (pools.find((pool) => files(pool).some((name) => path.endsWith(name))) ??
        (pools.length === 1 ? pools[0] : undefined))
      : pools.find(({ name }) => name === wanted);
  if (found) return found;
  const names = pools.map(({ name }) => name).join(", ");
  throw new LabError({
    code: "IMAGE_POOL",
    message:
      wanted === undefined
        ? `Cannot tell which pool '${path}' is meant for: the manifest has ${names}`
        : `Cannot verify pool '${wanted}': the manifest has ${names}`,
    hint: "name one of them with --pool",
  });
}

async function locate(
  path: string,
  manifest: ImageManifest,
  wanted: string | undefined,
): Promise<readonly { readonly pool: ManifestPool; readonly found: LocatedBytes }[]> {
  const data = readBytes(path);
  if (!/\.(hex|ihex|ihx)$/i.test(path)) {
    return [{ pool: poolOf(path, manifest, wanted), found: { data, origin: 0 } }];
  }
  const { parseIntelHex } = await import("../lib/formats/vendor/intel-hex.js");
  const { bytesForPool } = await import("../lib/image/hex-image.js");
  const hex = parseIntelHex(new TextDecoder().decode(data), path);
  const inside = manifest.pools.filter(({ address, bytes }) =>
    hex.segments.some((held) => held.address < address + bytes && held.address + held.data.length > address),
  );
  const pools = wanted === undefined && inside.length > 0 ? inside : [poolOf(path, manifest, wanted)];
  return pools.map((pool) => ({ pool, found: bytesForPool(hex, pool) }));
}

async function verify(image: string, manifestPath: string, flags: Flags): Promise<number> {
  const { readManifest } = await import("../lib/image/read-manifest.js");
  const { verifyImage } = await import("../lib/image/verify.js");
  const manifest = readManifest(new TextDecoder().decode(readBytes(manifestPath)), manifestPath);
  const located = await locate(image, manifest, flags.pool);
  const verdicts = located.map(({ pool, found }) => verifyImage({ pool, found, sha256 }));
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ schema: "npulab/image-verdict@1", image, verdicts }, null, 2)}\n`,
    );
  } else {
    for (const { pool, right, damages, rightBytes, bufferBytes } of verdicts) {
      const share = `${rightBytes.toLocaleString("en-US")} of ${bufferBytes.toLocaleString("en-US")} bytes of buffers`;
      process.stdout.write(`${pool}: ${right ? "right" : "WRONG"}, ${share} as they should be\n`);
      for (const { kind, message } of damages) process.stdout.write(`  ${kind}: ${message}\n`);
    }
  }
  return verdicts.every(({ right }) => right) ? EXIT.right : EXIT.wrong;
}

export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "tell whether an image, or what was read back from flash, is the one of a manifest (exit 0, 1, 2)",
    )
    .argument("<image>", "raw bytes, or Intel HEX (.hex)")
    .argument("<manifest>", "manifest.json of npulab image")
    .option("--pool <name>", "the pool that raw bytes are meant for")
    .option("--json", "print the verdict as JSON")
    .action(async (image: string, manifest: string, flags: Flags) => {
      try {
        process.exitCode = await verify(image, manifest, flags);
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        process.stderr.write(`npulab: ${error.describe()}\n`);
        process.exitCode = EXIT.badInput;
      }
    });
}
