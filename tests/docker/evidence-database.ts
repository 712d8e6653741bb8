/**
 * A small vulnerability database as Trivy reads it: a bbolt file (format version 2), in which every bucket is one leaf
 * page, and the description beside it. The public database cannot be had on every machine that runs the tests.
 */
import * as fs from "node:fs";
import * as path from "node:path";

interface Bucket {
  readonly [key: string]: Bucket | string;
}

const PAGE_BYTES = 4096;
const HEADER_BYTES = 16;
const MAGIC = 0xed0cdaed;
const LEAF = 0x02;
const META = 0x04;
const FREELIST = 0x10;
const FREELIST_PAGE = 2;
const FIRST_DATA_PAGE = 3;

function page(id: number, flags: number, count: number, body: Buffer): Buffer {
  const made = Buffer.alloc(PAGE_BYTES);
  made.writeBigUInt64LE(BigInt(id), 0);
  made.writeUInt16LE(flags, 8);
  made.writeUInt16LE(count, 10);
  if (body.length > PAGE_BYTES - HEADER_BYTES) throw new Error("a bucket of the test's database is larger than a page");
  body.copy(made, HEADER_BYTES);
  return made;
}

/** Writes the buckets from the innermost out. Returns the page of the given one. */
function writeBucket(bucket: Bucket, pages: Buffer[]): number {
  const ELEMENT_BYTES = 16;
  const entries = Object.entries(bucket)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, value]) => ({ key: Buffer.from(key), ...leafValue(value, pages) }));
  const heads = Buffer.alloc(entries.length * ELEMENT_BYTES);
  const data: Buffer[] = [];
  let at = heads.length;
  for (const [index, { key, value, isBucket }] of entries.entries()) {
    const head = index * ELEMENT_BYTES;
    heads.writeUInt32LE(isBucket ? 1 : 0, head);
    // Counted from the element's own place.
    heads.writeUInt32LE(at - head, head + 4);
    heads.writeUInt32LE(key.length, head + 8);
    heads.writeUInt32LE(value.length, head + 12);
    data.push(key, value);
    at += key.length + value.length;
  }
  const id = FIRST_DATA_PAGE + pages.length;
  pages.push(page(id, LEAF, entries.length, Buffer.concat([heads, ...data])));
  return id;
}

function leafValue(value: Bucket | string, pages: Buffer[]): { value: Buffer; isBucket: boolean } {
  if (typeof value === "string") return { value: Buffer.from(value), isBucket: false };
  const reference = Buffer.alloc(16);
  reference.writeBigUInt64LE(BigInt(writeBucket(value, pages)), 0);
  return { value: reference, isBucket: true };
}

function meta(id: number, root: number, pages: number): Buffer {
  const body = Buffer.alloc(64);
  for (const [index, value] of [MAGIC, 2, PAGE_BYTES, 0].entries()) body.writeUInt32LE(value, index * 4);
  for (const [index, value] of [root, 0, FREELIST_PAGE, pages, id].entries()) {
    body.writeBigUInt64LE(BigInt(value), 16 + index * 8);
  }
  body.writeBigUInt64LE(fnv1a(body.subarray(0, 56)), 56);
  return page(id, META, 0, body);
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

/** Writes `trivy.db` and `metadata.json` into a folder: one critical vulnerability of a Python package. */
export function writeVulnerabilityDatabase(folder: string, updatedAt: string): void {
  const source = "pip::GitHub Security Advisory pip";
  const buckets: Bucket = {
    "data-source": { [source]: JSON.stringify({ ID: "ghsa", Name: source, URL: "https://example.com" }) },
    [source]: {
      requests: { "CVE-2026-0001": JSON.stringify({ PatchedVersions: ["2.1.0"], VulnerableVersions: ["<2.1.0"] }) },
    },
    vulnerability: {
      "CVE-2026-0001": JSON.stringify({ Title: "of a test", Severity: "CRITICAL", VendorSeverity: { ghsa: 4 } }),
    },
  };
  const pages: Buffer[] = [];
  const root = writeBucket(buckets, pages);
  const end = FIRST_DATA_PAGE + pages.length;
  const freelist = page(FREELIST_PAGE, FREELIST, 0, Buffer.alloc(0));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(
    path.join(folder, "trivy.db"),
    Buffer.concat([meta(0, root, end), meta(1, root, end), freelist, ...pages]),
  );
  const day = 86_400_000;
  const times = { UpdatedAt: updatedAt, NextUpdate: new Date(Date.now() + day).toISOString(), DownloadedAt: updatedAt };
  fs.writeFileSync(path.join(folder, "metadata.json"), JSON.stringify({ Version: 2, ...times }));
}
