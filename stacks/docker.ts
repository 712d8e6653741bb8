/** Target `docker`: Ralex on the Docker Engine of this machine. */
import * as pulumi from "@pulumi/pulumi";
import { commandLine } from "../components/command-line";
import { withProbe } from "../components/app/model";
import { describeRalex } from "../components/app/ralex";
import { DockerStack } from "../components/docker/stack";
import type { ImageRef } from "../components/image/image-ref";
import { readLock } from "../components/image/lock";
import { chooseRelease } from "./release";
import type { StackSettings } from "./stack-settings";

export async function deploy(stack: StackSettings, checkout: string): Promise<Record<string, unknown>> {
  const { settings, secrets } = stack;
  const lock = readLock(checkout);
  const application = describeRalex(settings, { grafana: lock.has("grafana") });
  const release = await chooseRelease(settings);
  const images: Record<string, ImageRef> = {};
  for (const { image } of withProbe(application)) images[image] = release.images[image] ?? lock.ref(image);
  const ralex = new DockerStack("ralex", {
    application,
    settings,
    secretSettings: secrets,
    release: { id: release.id, images: refs(release.images) },
    images,
    substitutes: lock.substitutes.filter((name) => name in images),
    checkout,
  });
  if (release.isUnpublished && !pulumi.runtime.isDryRun()) sayUnpublished(release.id, ralex.verification);
  return {
    webUrl: ralex.webUrl,
    apiUrl: ralex.apiUrl,
    tlsUrl: ralex.tlsUrl,
    apiKey: ralex.apiKey,
    adminEmail: ralex.adminEmail,
    adminPassword: ralex.adminPassword,
    operatorPassword: ralex.operatorPassword,
    caCertificate: ralex.caCertificate,
    release: ralex.release,
    verification: ralex.verification,
    services: ralex.services,
    substitutes: ralex.substitutes,
    omissions: ralex.omissions,
  };
}

/** A bare `pulumi up` does not publish, so it says what is left to do; `./ralex deploy` does it. */
function sayUnpublished(id: string, verification: DockerStack["verification"]): void {
  verification.apply(({ passed }) => {
    const todo = `${commandLine("./ralex", "publish", "-s", pulumi.getStack())} writes it into the ledger`;
    if (passed) void pulumi.log.info(`release ${id} is verified, and not published yet: ${todo}`);
  });
}

const refs = (images: Readonly<Record<string, ImageRef>>): Record<string, string> =>
  Object.fromEntries(Object.entries(images).map(([name, ref]) => [name, ref.toString()]));
