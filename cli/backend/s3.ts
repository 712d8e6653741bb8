/** A bucket of Amazon S3, or of a server that speaks as it does. */
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { Failure } from "../failure";
import type { Objects } from "./objects";

/** What an address says of a bucket. */
export interface S3Place {
  readonly bucket: string;
  /** What all keys begin with. */
  readonly prefix: string;
  readonly client: S3ClientConfig;
}

/** Parameters that only matter to who writes. */
const OF_WRITING = [
  ...["ssetype", "kmskeyid", "awssdk", "rate_limiter_capacity", "hostname_immutable", "accelerate"],
  ...["request_checksum_calculation", "response_checksum_validation"],
];

/**
 * Reads `s3://bucket/folder?region=…&endpoint=…&s3ForcePathStyle=true` as Pulumi does.
 * @throws Failure for a parameter that would lead elsewhere and is not understood, or without a bucket.
 */
export function placeOf(url: URL): S3Place {
  const known = new Map(url.searchParams);
  const take = (name: string): string | undefined => {
    const value = known.get(name);
    known.delete(name);
    return value === "" ? undefined : value;
  };
  const flag = (name: string): boolean => ["true", "1", "t", "T", "TRUE", "True"].includes(take(name) ?? "");
  for (const name of OF_WRITING) known.delete(name);
  const [region, profile, endpoint] = [take("region"), take("profile"), take("endpoint")];
  const withoutTls = flag("disable_https");
  const client: S3ClientConfig = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint: withScheme(endpoint, withoutTls) }),
    ...(endpoint === undefined && withoutTls ? { tls: false } : {}),
    // Both names are read, in any case.
    forcePathStyle: [flag("s3ForcePathStyle"), flag("use_path_style")].includes(true),
    useDualstackEndpoint: flag("dualstack"),
    useFipsEndpoint: flag("fips"),
    ...(flag("anonymous")
      ? {
          credentials: { accessKeyId: "none", secretAccessKey: "none" },
          signer: { sign: (request) => Promise.resolve(request) },
        }
      : {}),
  };
  if (known.size > 0 || url.hostname === "") {
    const unknown = [...known.keys()].join(", ");
    const reason = url.hostname === "" ? "it names no bucket" : `${unknown} is not understood here`;
    throw new Failure(
      `PULUMI_BACKEND_URL: ${reason}: give s3://bucket/folder with region, endpoint, s3ForcePathStyle, disable_https ` +
        "or profile; a role to assume belongs into a profile of ~/.aws/config",
    );
  }
  const folder = url.pathname.replace(/^\/+|\/+$/g, "");
  return { bucket: url.hostname, prefix: folder === "" ? "" : `${folder}/`, client };
}

const withScheme = (endpoint: string, withoutTls: boolean): string =>
  /^https?:\/\//.test(endpoint) ? endpoint : `${withoutTls ? "http" : "https"}://${endpoint}`;

/** How long a bucket may take to answer before a question counts as failed, in milliseconds. */
const ANSWER_MS = 10_000;

/** The `.pulumi` of a bucket. @throws Failure, from every method, for a bucket that does not answer or refuses. */
export class S3Objects implements Objects {
  private readonly place: S3Place;
  private client: S3Client | undefined;

  /** @param url - credentials and region come from where the AWS SDK looks: this process's environment, and profiles. */
  constructor(private readonly url: URL) {
    this.place = placeOf(url);
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.asking(async (client, { ListObjectsV2Command }) => {
      const keys: string[] = [];
      let next: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: this.place.bucket,
            Prefix: this.key(prefix),
            ...(next === undefined ? {} : { ContinuationToken: next }),
          }),
        );
        keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
        next = page.NextContinuationToken;
      } while (next !== undefined);
      // A folder's own mark is no file.
      return keys.map((key) => key.slice(this.key("").length)).filter((key) => !key.endsWith("/"));
    });
  }

  has(key: string): Promise<boolean> {
    return this.asking(
      async (client, { HeadObjectCommand }) => {
        await client.send(new HeadObjectCommand({ Bucket: this.place.bucket, Key: this.key(key) }));
        return true;
      },
      () => false,
    );
  }

  read(key: string): Promise<Buffer | undefined> {
    return this.asking(
      async (client, { GetObjectCommand }) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: this.place.bucket, Key: this.key(key) }));
        return Body === undefined ? undefined : Buffer.from(await Body.transformToByteArray());
      },
      () => undefined,
    );
  }

  async remove(key: string): Promise<void> {
    await this.asking(
      (client, { DeleteObjectCommand }) =>
        client.send(new DeleteObjectCommand({ Bucket: this.place.bucket, Key: this.key(key) })),
      () => undefined,
    );
  }

  private key(key: string): string {
    return `${this.place.prefix}.pulumi/${key}`;
  }

  /** @param orAbsent - the answer where there is no such key; without it that is an error as any other. */
  private async asking<T>(
    question: (client: S3Client, sdk: typeof import("@aws-sdk/client-s3")) => Promise<T>,
    orAbsent?: () => T,
  ): Promise<T> {
    // It would tell everybody on Node 20 that releases after this pinned one need a newer Node.
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
    // Half a second, for who keeps state in a bucket only.
    const sdk = await import("@aws-sdk/client-s3");
    this.client ??= new sdk.S3Client({
      ...this.place.client,
      requestHandler: { connectionTimeout: ANSWER_MS, requestTimeout: ANSWER_MS },
    });
    try {
      return await question(this.client, sdk);
    } catch (error) {
      const { name } = error as Error;
      if (orAbsent !== undefined && (name === "NoSuchKey" || name === "NotFound")) return orAbsent();
      throw new Failure(`s3://${this.url.hostname} ${whatIsWrong(error as S3Error)}`);
    }
  }
}

type S3Error = Error & { readonly code?: string; readonly $metadata?: { readonly httpStatusCode?: number } };

/** What is wrong with a bucket, and what to do. */
export function whatIsWrong({ name, message, code, $metadata }: S3Error): string {
  const status = $metadata?.httpStatusCode;
  if (name === "NoSuchBucket") return "does not exist: make the bucket, or correct PULUMI_BACKEND_URL";
  if (name === "CredentialsProviderError") {
    return "was not asked, since there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE";
  }
  if (/region is missing/i.test(message))
    return "was not asked: set AWS_REGION, or add ?region=… to PULUMI_BACKEND_URL";
  if (status === 401 || status === 403) {
    return `refuses (${name}): these credentials may not list, read and delete below .pulumi there`;
  }
  const reason = [code ?? name, message].filter((one) => one !== "").join(": ");
  return `does not answer (${reason}): see whether it runs and can be reached from here, then run the same command again`;
}
