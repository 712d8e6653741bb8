/** The Secret that somebody else makes: what a stack wants of it, and that none comes or goes under a stack with data. */
import { describeRalex } from "../../../components/app/ralex";
import { readLock } from "../../../components/image/lock";
import { wantedSecrets, type WantedSecret } from "../../../components/kubernetes/existing-secret";
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import type { Settings } from "../../../components/settings/schema";
import type { Recorded } from "../../backend/checkpoint";
import type { Workspace } from "../../workspace";

/** Names in the state: of generated secrets and the authority, and of the key by which those of somebody else are hashed. */
const OWN_SECRET = /^ralex-secrets-(.+)$/;
const AUTHORITY = "ralex-tls-ca-key";
const HASH_KEY = "ralex-secret-hashes-key";

/** The Secrets that somebody else has to have made for a stack. */
export function wantedOf(
  { checkout, environment }: Pick<Workspace, "checkout" | "environment">,
  settings: Settings,
): readonly WantedSecret[] {
  if (settings.existingSecret === undefined) return [];
  const { release } = settings;
  const grafana = release === undefined ? readLock(checkout, environment).has("grafana") : "grafana" in release.images;
  return wantedSecrets(describeRalex(settings, kubernetesPlacement(settings), { grafana }), settings);
}

/** Nothing takes a stack from secrets of its own to existing ones or back: what it holds is known by the secrets it has. */
export function otherSecrets(
  stack: string,
  { existingSecret }: Settings,
  resources: readonly Recorded[],
): readonly string[] {
  const kept = resources.filter(({ protect }) => protect === true).map(({ urn }) => urn.split("::").at(-1) ?? "");
  const own = kept.flatMap(
    (name) => OWN_SECRET.exec(name)?.[1] ?? (name === AUTHORITY ? "its certificate authority" : []),
  );
  if (existingSecret !== undefined && own.length > 0) {
    return [
      `${stack} has generated secrets of its own (${own.sort().join(", ")}), which its databases and its people know, and ` +
        `none of them is removed on the way: leave ralex:existingSecret out, or deploy a stack of another name with it. ` +
        "docs/kubernetes.md says how the present values are brought into a Secret",
    ];
  }
  if (existingSecret === undefined && kept.includes(HASH_KEY)) {
    return [
      `${stack} has its secrets from a Secret that you made, and its databases know those: set ralex:existingSecret to its ` +
        "name again, or deploy a stack of another name without it",
    ];
  }
  return [];
}
