/** All that a cluster has before anything is deployed to it. */
import { ADMINISTRATORS } from "../certificates";
import type { SystemImage } from "../images/recipes";
import { dns } from "./dns";
import { clusterRoleBinding, groupSubject, type Manifest } from "./manifest";
import { metrics } from "./metrics";
import { storage } from "./storage";

/** Image references by digest. */
export type SystemImages = Readonly<Record<SystemImage, string>>;

export const systemManifests = (images: SystemImages): readonly Manifest[] => [
  clusterRoleBinding(ADMINISTRATORS, "cluster-admin", groupSubject(ADMINISTRATORS)),
  ...dns(images.coredns),
  ...storage(images["local-path-provisioner"], images.busybox),
  ...metrics(images["metrics-server"]),
];

/** One text for `kubectl apply`. */
export const asList = (items: readonly Manifest[]): string => JSON.stringify({ apiVersion: "v1", kind: "List", items });
