/** Kubernetes objects as plain data, and the few forms that the system pods share. */

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "rbac.authorization.k8s.io";

export const READING = ["get", "list", "watch"] as const;
export const CHANGING = ["create", "delete", "get", "list", "patch", "update", "watch"] as const;

export const rule = (apiGroup: string, resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});

export const serviceAccount = (name: string, namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name, namespace },
});

/** Rights of a service account everywhere: a role with its name, and the binding to it. */
export const clusterRights = (name: string, namespace: string, rules: readonly Rule[]): readonly Manifest[] => [
  { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules },
  clusterRoleBinding(name, name, accountSubject(name, namespace)),
];

/** Rights of a service account in its own namespace. */
export const ownRights = (name: string, namespace: string, rules: readonly Rule[]): readonly Manifest[] => [
  { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name, namespace }, rules },
  roleBinding(name, namespace, name, accountSubject(name, namespace)),
];

export type Subject = Readonly<Record<"kind" | "name", string> & Partial<Record<"apiGroup" | "namespace", string>>>;

export const accountSubject = (name: string, namespace: string): Subject => ({
  kind: "ServiceAccount",
  name,
  namespace,
});
export const groupSubject = (name: string): Subject => ({ apiGroup: RBAC, kind: "Group", name });

export const clusterRoleBinding = (name: string, role: string, subject: Subject): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: role },
  subjects: [subject],
});

export const roleBinding = (name: string, namespace: string, role: string, subject: Subject): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: "RoleBinding",
  metadata: { name, namespace },
  roleRef: { apiGroup: RBAC, kind: "Role", name: role },
  subjects: [subject],
});

/** One replica of a pod with its own service account, in the way that its label is its name. */
export const deployment = (
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, unknown>>,
): Manifest => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { serviceAccountName: name, priorityClassName: "system-cluster-critical", ...pod },
    },
  },
});

export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;
