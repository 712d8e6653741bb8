/** The filesystem that an image's layers make, as far as evidence needs it; read as it streams by, never kept. */
import { Transform, type Duplex, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import tar from "tar-stream";

const SETUID_OR_SETGID = 0o6000;
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const PASSWD = "etc/passwd";
/** More of a file of users than this is none. */
const LARGEST_PASSWD = 1 << 20;

/** Layers are applied from the lowest up. */
export class Filesystem {
  /** Each file with the number of the layer that it is from: a whiteout is about lower layers only. */
  private readonly setuid = new Map<string, number>();
  private users = { text: "", layer: 0 };
  private layer = 0;
  private unpacked = 0;

  /** Bytes of the tar archives so far. */
  get unpackedBytes(): number {
    return this.unpacked;
  }

  /** Absolute paths of the files that run with their owner's or group's rights, sorted. */
  get setuidFiles(): string[] {
    return [...this.setuid.keys()].sort().map((name) => `/${name}`);
  }

  /** Number of a user by the image's own /etc/passwd, or undefined. */
  uidOf(name: string): number | undefined {
    const fields = this.users.text.split("\n").map((line) => line.split(":"));
    const uid = fields.find(([user]) => user === name)?.[2];
    return uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : undefined;
  }

  /** @throws Error when the layer's compression or archive cannot be read. */
  async add(layer: Readable, mediaType: string): Promise<void> {
    this.layer += 1;
    const decompress = decompressor(mediaType);
    const extract = tar.extract();
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.unpacked += chunk.length;
        done(null, chunk);
      },
    });
    const reading = (async () => {
      for await (const entry of extract) {
        const { name, mode, type } = entry.header;
        const file = normal(name);
        const isWanted = this.apply(file, mode ?? 0, type ?? "file");
        if (isWanted) this.users = { text: await contentOf(entry), layer: this.layer };
        else entry.resume();
      }
    })();
    const stages = decompress === undefined ? [layer, count] : [layer, decompress, count];
    await Promise.all([pipeline([...stages, extract]), reading]);
  }

  /** Takes one entry in; whether its content is wanted. */
  private apply(file: string, mode: number, type: string): boolean {
    const [folder, base] = [file.slice(0, file.lastIndexOf("/") + 1), file.slice(file.lastIndexOf("/") + 1)];
    if (base === OPAQUE) this.remove((name) => name.startsWith(folder));
    else if (base.startsWith(WHITEOUT)) {
      const gone = `${folder}${base.slice(WHITEOUT.length)}`;
      this.remove((name) => name === gone || name.startsWith(`${gone}/`));
    } else if (type === "file" || type === "link") {
      if ((mode & SETUID_OR_SETGID) !== 0) this.setuid.set(file, this.layer);
      else this.setuid.delete(file);
      return file === PASSWD && type === "file";
    } else if (type !== "directory") this.setuid.delete(file);
    return false;
  }

  private remove(isGone: (name: string) => boolean): void {
    for (const [name, layer] of this.setuid) if (layer < this.layer && isGone(name)) this.setuid.delete(name);
    if (this.users.layer < this.layer && isGone(PASSWD)) this.users = { text: "", layer: this.layer };
  }
}

/** `./usr/bin/x`, `/usr/bin/x` and `usr/bin/x` are one file. */
const normal = (name: string): string =>
  name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

async function contentOf(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_PASSWD) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decompressor(mediaType: string): Duplex | undefined {
  if (/[.+]gzip$/.test(mediaType)) return zlib.createGunzip();
  if (/\.tar$/.test(mediaType)) return undefined;
  // Node has it from 22.15 on.
  const create = (zlib as { createZstdDecompress?: () => Duplex }).createZstdDecompress;
  if (mediaType.endsWith("+zstd") && create !== undefined) return create();
  throw new Error(
    `layers of the type ${mediaType} cannot be read here: build the image with compression=gzip, or run this with Node 22.15 or newer`,
  );
}
