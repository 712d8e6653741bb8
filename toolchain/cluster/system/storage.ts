/** The provisioner of volumes: folders on the disk of the node that the first pod runs on, and the default class of them. */
import { stringify } from "yaml";
import {
  CHANGING,
  clusterRights,
  deployment,
  type Manifest,
  ownRights,
  READING,
  rule,
  serviceAccount,
} from "./manifest";

export const STORAGE = { name: "local-path-provisioner", namespace: "local-path-storage" } as const;
const { name: NAME, namespace: NAMESPACE } = STORAGE;
const CONFIGURATION = "local-path-config";
/** On the node. */
const VOLUMES = "/var/lib/local-path";

/** The pod that makes and removes a volume's folder, on the node where that is. */
const helperPod = (image: string): string =>
  stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "helper-pod" },
    spec: {
      priorityClassName: "system-node-critical",
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "helper-pod", image, imagePullPolicy: "IfNotPresent" }],
    },
  });

export const storage = (image: string, helperImage: string): readonly Manifest[] => [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
  serviceAccount(NAME, NAMESPACE),
  ...clusterRights(NAME, NAMESPACE, [
    rule("", ["nodes", "persistentvolumeclaims", "configmaps", "pods", "pods/log"], READING),
    rule("", ["persistentvolumes"], CHANGING),
    rule("", ["events"], ["create", "patch"]),
    rule("storage.k8s.io", ["storageclasses"], READING),
  ]),
  ...ownRights(NAME, NAMESPACE, [rule("", ["pods"], CHANGING)]),
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CONFIGURATION, namespace: NAMESPACE },
    data: {
      "config.json": JSON.stringify({
        nodePathMap: [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [VOLUMES] }],
      }),
      setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
      teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
      "helperPod.yaml": helperPod(helperImage),
    },
  },
  deployment(
    NAME,
    NAMESPACE,
    { app: NAME },
    {
      containers: [
        {
          name: NAME,
          image,
          command: [NAME, "start"],
          args: [
            ...["--config", "/etc/config/config.json", "--configmap-name", CONFIGURATION],
            // Its default is an account that nothing makes.
            ...["--service-account-name", NAME, "--helper-image", helperImage],
          ],
          env: [{ name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } }],
          resources: { requests: { cpu: "10m", memory: "20Mi" } },
          volumeMounts: [{ name: "configuration", mountPath: "/etc/config", readOnly: true }],
        },
      ],
      volumes: [{ name: "configuration", configMap: { name: CONFIGURATION } }],
    },
  ),
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: {
      name: "local-path",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "rancher.io/local-path",
    volumeBindingMode: "WaitForFirstConsumer",
    reclaimPolicy: "Delete",
  },
];
