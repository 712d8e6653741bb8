import * as fs from "node:fs";
import * as path from "node:path";
import { SYSTEM_IMAGES } from "../../../../toolchain/cluster/images/recipes";
import { dataFolder } from "../../../../toolchain/cluster/paths";
import { COREFILE } from "../../../../toolchain/cluster/system/dns";
import { asList, systemManifests, type SystemImages } from "../../../../toolchain/cluster/system/pods";
import { repositoryPath } from "../../../../toolchain/substitutes/build";
import { RECIPES } from "../../../../toolchain/substitutes/recipes";

const names = Object.keys(SYSTEM_IMAGES);
const images = Object.fromEntries(
  names.map((name) => [name, `127.0.0.1:5055/system-pods/${name}@sha256:1`]),
) as SystemImages;
const manifests = systemManifests(images);

describe("images of the system pods", () => {
  test("each has a Dockerfile of its own, and a place in the registry apart from the substitutes", () => {
    for (const [name, recipe] of Object.entries(SYSTEM_IMAGES)) {
      expect(recipe.name).toBe(name);
      expect(fs.existsSync(path.join(recipe.folder, name, "Dockerfile"))).toBe(true);
      expect(repositoryPath(recipe)).toBe(`system-pods/${name}`);
    }
  });

  test("are remembered outside the folder that a stop removes", () => {
    for (const { group } of Object.values(SYSTEM_IMAGES)) expect(path.basename(dataFolder())).not.toBe(group);
  });

  test("are none of the image lock", () => {
    expect(RECIPES.filter(({ name }) => names.includes(name))).toEqual([]);
  });

  test("are all used, by digest", () => {
    const text = asList(manifests);
    for (const image of Object.values(images)) expect(text).toContain(image);
    expect([...text.matchAll(/\\?"image\\?":\\?"([^"\\]+)/g)].every((match) => match[1]?.includes("@sha256:"))).toBe(
      true,
    );
  });
});

describe("system pods", () => {
  test("every binding names a role and an account that are there", () => {
    const has = (kind: string, name: string) =>
      manifests.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
    const builtIn = /^(?:cluster-admin|system:auth-delegator|extension-apiserver-authentication-reader)$/;
    for (const manifest of manifests.filter(({ kind }) => kind.endsWith("Binding"))) {
      const { roleRef, subjects } = manifest as unknown as {
        roleRef: { kind: string; name: string };
        subjects: { kind: string; name: string }[];
      };
      expect([roleRef.name, builtIn.test(roleRef.name) || has(roleRef.kind, roleRef.name)]).toEqual([
        roleRef.name,
        true,
      ]);
      for (const { kind, name } of subjects) if (kind === "ServiceAccount") expect(has(kind, name)).toBe(true);
    }
  });

  test("the administrators of the kubeconfig get their rights first", () => {
    expect(manifests[0]).toMatchObject({
      kind: "ClusterRoleBinding",
      roleRef: { name: "cluster-admin" },
      subjects: [{ kind: "Group", name: "kubeadm:cluster-admins" }],
    });
  });

  test("one class of volumes is the default", () => {
    const classes = manifests.filter(({ kind }) => kind === "StorageClass");
    expect(classes.map(({ metadata }) => metadata.annotations)).toEqual([
      { "storageclass.kubernetes.io/is-default-class": "true" },
    ]);
  });

  test("metrics are read every 10 s, with a timeout below", () => {
    const text = asList(manifests);
    expect(text).toContain("--metric-resolution=10s");
    expect(text).toContain("--kubelet-request-timeout=9s");
  });

  test("a name outside the cluster does not exist, rather than fail; the cluster's are asked in a server of their own", () => {
    const [cluster = "", rest = ""] = COREFILE.split(/^\. \{$/m);
    expect(cluster).toContain("kubernetes cluster.local");
    expect(cluster).not.toContain("template");
    expect(rest).toContain("rcode NXDOMAIN");
  });
});
