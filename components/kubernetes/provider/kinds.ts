/** What the checkout's provider makes on a cluster, and what it asks there. */
import { kindsOf, lookupsOf } from "../../provider/kind";
import { checks } from "./checks";
import { cluster } from "./cluster";
import { existingSecret } from "./existing-secret";

export const KUBERNETES_KINDS = kindsOf({
  "ralex:kubernetes:Checks": checks,
  "ralex:kubernetes:Cluster": cluster,
});

export const KUBERNETES_LOOKUPS = lookupsOf({ "ralex:kubernetes:existingSecret": existingSecret });
