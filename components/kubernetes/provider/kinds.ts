/** What the checkout's provider makes on a cluster. */
import { kindsOf } from "../../provider/kind";
import { checks } from "./checks";
import { cluster } from "./cluster";

export const KUBERNETES_KINDS = kindsOf({
  "ralex:kubernetes:Checks": checks,
  "ralex:kubernetes:Cluster": cluster,
});
