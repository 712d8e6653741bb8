/** The script that gives addresses, with a kubectl that only writes down what it is told. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

const SCRIPT = path.resolve(__dirname, "../../../../toolchain/cluster/namespaces/load-balancer.sh");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-load-balancer-"));
const at = (name: string) => path.join(folder, name);
afterAll(() => fs.rmSync(folder, { recursive: true }));

test("a Service without an address gets its own one with another beginning; one that is gone by then stops nothing", async () => {
  fs.writeFileSync(
    at("kubectl"),
    `#!/bin/sh
case "$*" in
  *--watch*) echo "shop web 10.96.7.9"; echo "gone old 10.96.1.1"; echo "shop api 10.96.96.2" ;;
  *"get services") [ -e "${at("asked")}" ] || { touch "${at("asked")}"; exit 1; } ;;
  *"patch service old"*) exit 1 ;;
  *) echo "$*" >> "${at("patches")}" ;;
esac
`,
    { mode: 0o755 },
  );
  await execa("sh", [SCRIPT, at("kubectl"), "/k", "10.96.", "10.97."]);
  const patches = fs.readFileSync(at("patches"), "utf8").trimEnd().split("\n");
  expect(patches.map((line) => line.replace(/^.* patch /, ""))).toEqual([
    `service web --namespace shop --subresource status --type merge --patch {"status":{"loadBalancer":{"ingress":[{"ip":"10.97.7.9"}]}}}`,
    `service api --namespace shop --subresource status --type merge --patch {"status":{"loadBalancer":{"ingress":[{"ip":"10.97.96.2"}]}}}`,
  ]);
  expect(patches[0]).toMatch(/^--kubeconfig \/k /);
});
