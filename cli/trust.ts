import Table from "cli-table3";
import type { Command } from "commander";
import { commandLine } from "../components/command-line";
import { addKey, committedKeys, KEYS } from "./evidence/trust";

/** `./ralex trust`: the public keys whose evidence environments with `promotesFrom` believe. */
export function registerTrust(program: Command, checkout: string): void {
  program
    .command("trust")
    .description(`put a public signing key into ${KEYS}/, where environments with promotesFrom trust it once committed`)
    .argument("[key]", "file of the public key (PEM); by default the one that this checkout's evidence is sealed by")
    .option("--list", "show the keys that the commit has, and change nothing")
    .option("--json", "with --list: print JSON")
    .action(async (key: string | undefined, { list, json }: { list?: true; json?: true }) => {
      if (list === true) {
        const keys = (await committedKeys(checkout)).map(({ file, fingerprint }) => ({ file, fingerprint }));
        console.log(json === true ? JSON.stringify(keys, null, 2) : listing(keys));
        return;
      }
      const { file, fingerprint } = addKey(checkout, key);
      if ((await committedKeys(checkout)).some((one) => one.fingerprint === fingerprint)) {
        console.log(`${fingerprint} is trusted already: ${file} is committed.`);
        return;
      }
      const commit = `${commandLine("git", "add", file)} && ${commandLine("git", "commit", "-m", `Trust ${file}`)}`;
      console.log(`${fingerprint} is in ${file}; it is trusted once that is committed:\n  ${commit}`);
    });
}

function listing(keys: readonly { readonly file: string; readonly fingerprint: string }[]): string {
  if (keys.length === 0) return `no key is committed in ${KEYS}/: ./ralex trust puts this checkout's there`;
  const table = new Table({ head: ["file", "key"], style: { head: [], border: [] } });
  for (const { file, fingerprint } of keys) table.push([file, fingerprint]);
  return table.toString();
}
