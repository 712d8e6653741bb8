/** What a cluster may be given beside its system pods. That it works there, the nightly kubernetes tier shows. */
import * as fs from "node:fs";
import * as path from "node:path";
import { contour } from "../../../../toolchain/cluster/addons/contour";
import { ADDON_IMAGES } from "../../../../toolchain/cluster/addons/images";
import { networkPolicies } from "../../../../toolchain/cluster/addons/policies";
import { goModuleSource } from "../../../../toolchain/go-tools";
import { repositoryPath } from "../../../../toolchain/substitutes/build";

jest.mock("../../../../toolchain/go-tools", () => ({
  ...jest.requireActual<object>("../../../../toolchain/go-tools"),
  goModuleSource: jest.fn(),
}));

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })));

/** A module with these files below `examples`. */
function published(files: Readonly<Record<string, string>>): void {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync("/tmp"), "ralex-contour-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, "examples", name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  jest.mocked(goModuleSource).mockResolvedValue(folder);
}

const images = { contour: "r.test/contour@sha256:1", envoy: "r.test/envoy@sha256:2" };

test("each image has a Dockerfile, and a place in the registry among those of the system pods", () => {
  for (const [name, recipe] of Object.entries(ADDON_IMAGES)) {
    expect(recipe.name).toBe(name);
    expect(fs.existsSync(path.join(recipe.folder, name, "Dockerfile"))).toBe(true);
    expect(repositoryPath(recipe)).toBe(`system-pods/${name}`);
  }
});

test("Contour's own manifests are applied with images by digest, and without the Gateway and configuration of the examples", async () => {
  published({
    "gateway/01-gateway.yaml":
      "kind: Gateway\nmetadata: {name: contour}\n---\nkind: GatewayClass\nmetadata: {name: example}\n",
    "gateway/03-config.yaml": "kind: ConfigMap\nmetadata: {name: contour}\n",
    "contour/00-common.yaml": "---\nkind: Namespace\nmetadata: {name: projectcontour}\n---\n",
    "contour/03-envoy.yaml":
      "kind: DaemonSet\nmetadata: {name: envoy}\nspec: {a: {image: 'docker.io/envoyproxy/envoy:v1'}, b: [{image: 'ghcr.io/projectcontour/contour:v1'}], mode: 0644}\n",
    "contour/README.md": "no manifest",
  });
  const manifests = await contour(images);
  expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    ...["Namespace projectcontour", "DaemonSet envoy", "ConfigMap contour"],
    ...["IngressClass contour", "GatewayClass contour"],
  ]);
  expect(manifests[1]?.spec).toEqual({ a: { image: images.envoy }, b: [{ image: images.contour }], mode: 0o644 });
  expect(JSON.stringify(manifests[2])).toContain("public");
});

test("the engine of policies does nothing but enforce them, on every node", () => {
  const manifests = networkPolicies("r.test/kube-router@sha256:3");
  const daemon = manifests.find(({ kind }) => kind === "DaemonSet");
  const text = JSON.stringify(daemon);
  for (const flag of ["run-firewall=true", "run-router=false", "run-service-proxy=false", "run-loadbalancer=false"]) {
    expect(text).toContain(`--${flag}`);
  }
  expect(text).toContain("r.test/kube-router@sha256:3");
  const rights = JSON.stringify(manifests.filter(({ kind }) => kind === "ClusterRole"));
  expect(rights).not.toMatch(/secrets|\*|"delete"/);
});
