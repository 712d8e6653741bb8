import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { keepsBackups } from "../../../cli/state-backups";

test("a backup of the state is kept for what releases are promoted to, its ledger, and the releases", () => {
  const checkout = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-backups-"));
  const write = (stack: string, config: string) =>
    fs.writeFileSync(path.join(checkout, `Pulumi.${stack}.yaml`), config);
  write("dev", "config:\n  ralex:webPort: 3000\n");
  write("none", 'config:\n  ralex:promotesFrom: ""\n');
  write("prod", "config:\n  ralex:promotesFrom: staging\n");
  const stacks = ["dev", "none", "prod", "release", "working-tree"];
  expect(stacks.filter((stack) => keepsBackups(checkout, stack))).toEqual(["prod", "release"]);
  fs.rmSync(checkout, { recursive: true });
});
