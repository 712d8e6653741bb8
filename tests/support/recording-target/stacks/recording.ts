/** Target `recording`: writes down what it is to run and runs nothing. In tests alone, copied into a checkout. */
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { RunningService, Verification } from "../../../../components/app/outputs";
import { describeRalex } from "../../../../components/app/ralex";
import { dockerPlacement } from "../../../../components/docker/placement";
import { chooseRelease } from "../../../../stacks/release";
import type { StackSettings } from "../../../../stacks/stack-settings";

export async function deploy({ settings }: StackSettings, checkout: string): Promise<Record<string, unknown>> {
  const release = await chooseRelease(settings, checkout);
  const described = describeRalex(settings, dockerPlacement(settings));
  const { images, ...said } = release.run(described.services.map(({ image }) => image));
  const services: Record<string, RunningService> = {};
  for (const { name, kind, image, replicas } of described.services) {
    if (kind !== "service") continue;
    const ref = String(images[image]);
    services[name] = { image: ref, replicas: settings.running ? replicas : 0 };
    // Another image is another id, as it would be another container.
    new random.RandomId(`ralex-${name}`, { byteLength: 4, keepers: { image: ref } });
  }
  const checks = [{ name: "what is to run is written down", passed: true, detail: `${Object.keys(services).length}` }];
  const verification: Verification = { passed: settings.running, at: "2026-01-01T00:00:00.000Z", checks };
  return {
    ...{ webUrl: "https://ralex.example", apiUrl: "https://ralex.example/v1", tlsUrl: "https://ralex.example" },
    ...{ apiKey: pulumi.secret("of nobody"), adminEmail: settings.adminEmail },
    ...{ ...said, verification, services, omissions: [], imageLock: release.imageLock },
  };
}
