/** Reading logs of pods, and running a command in one. */
import { PassThrough, Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { text } from "node:stream/consumers";
import type { V1Pod, V1Status } from "@kubernetes/client-node";
import type { Cluster } from "../../../components/kubernetes/client";
import { SERVICE_LABEL } from "../../../components/kubernetes/names";
import type { LogOptions } from "../target";
import type { Said } from "../upstream-report";

export async function podsOf({ core }: Cluster, namespace: string, service?: string): Promise<readonly V1Pod[]> {
  const selected = service === undefined ? {} : { labelSelector: `${SERVICE_LABEL}=${service}` };
  return (await core.listNamespacedPod({ namespace, ...selected })).items;
}

/** Writes the logs of pods to standard output, each line under its pod's name where there are several. */
export async function writeLogs(
  { config }: Cluster,
  namespace: string,
  pods: readonly V1Pod[],
  { follow, lines }: LogOptions,
): Promise<void> {
  const { Log } = await import("@kubernetes/client-node");
  const log = new Log(config);
  await Promise.all(
    pods.map(async ({ metadata, spec }) => {
      const name = metadata?.name ?? "";
      const stream = prefixed(pods.length > 1 ? `${name} ` : "");
      stream.pipe(process.stdout, { end: false });
      await log.log(namespace, name, spec?.containers[0]?.name ?? "", stream, { follow, tailLines: lines });
      await finished(stream);
    }),
  );
}

/** Puts a prefix before every line. */
function prefixed(prefix: string): Transform {
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const parts = (rest + chunk.toString("utf8")).split("\n");
      rest = parts.pop() ?? "";
      done(null, parts.map((line) => `${prefix}${line}\n`).join(""));
    },
    flush(done) {
      done(null, rest === "" ? "" : `${prefix}${rest}\n`);
    },
  });
}

/** Runs a command in the first container of a pod, without a shell. */
export async function exec(
  { config }: Cluster,
  namespace: string,
  { metadata, spec }: V1Pod,
  command: readonly string[],
): Promise<Said> {
  const { Exec } = await import("@kubernetes/client-node");
  const [out, err] = [new PassThrough(), new PassThrough()];
  const container = spec?.containers[0]?.name ?? "";
  const [stdout, stderr, status] = await Promise.all([
    text(out),
    text(err),
    new Promise<V1Status>((resolve, reject) => {
      new Exec(config)
        .exec(namespace, metadata?.name ?? "", container, [...command], out, err, null, false, resolve)
        .then((socket) => socket.on("close", () => (out.end(), err.end())))
        .catch(reject);
    }),
  ]);
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return { exitCode: status.status === "Success" ? 0 : Number(code ?? 1), stdout, stderr };
}
