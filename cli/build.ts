import Table from "cli-table3";
import type { Command } from "commander";
import { PLATFORMS } from "../components/image/platforms";
import type { BuiltRelease } from "./build/release";

/** `./ralex build`: the release of this commit, once, for every platform; what is promoted is what this pushed. */
export function registerBuild(program: Command, checkout: string): void {
  program
    .command("build")
    .description(`build the release of this commit for ${PLATFORMS.join(" and ")}, push it, and check the push`)
    .option("--no-evidence", "leave the evidence to ./ralex evidence --collect; only the first environment takes it so")
    .option("--json", "print JSON")
    .action(async ({ evidence, json }: { evidence: boolean; json?: true }) => {
      const { buildRelease } = await import("./build/release");
      const built = await buildRelease(checkout);
      if (evidence) {
        const { collectRelease, judgeRelease } = await import("./release/evidence");
        const { problems, notChecked } = judgeRelease(
          built.release.images,
          await collectRelease(checkout, built.release),
        );
        const { untrustedSentence } = await import("./evidence/trust");
        const untrusted = await untrustedSentence(checkout);
        for (const sentence of [...problems, ...notChecked, ...untrusted]) console.error(sentence);
      }
      console.log(json === true ? JSON.stringify(asJson(built), null, 2) : asTable(built));
    });
}

/** The release as it was recorded, with the digest of every platform's manifest of its own images. */
const asJson = ({ release, pushed }: BuiltRelease) => ({
  ...release,
  images: {
    ...release.images,
    ...Object.fromEntries(
      pushed.map(({ name, platforms }) => [name, { ...release.images[name], manifests: platforms }]),
    ),
  },
});

function asTable({ release, pushed }: BuiltRelease): string {
  const table = new Table({ head: ["image", "platforms", "digest"], style: { head: [], border: [] } });
  for (const { name, platforms } of pushed) {
    table.push([name, Object.keys(platforms).join("\n"), release.images[name]?.ref ?? ""]);
  }
  for (const [name, { ref, platforms, thirdParty }] of Object.entries(release.images)) {
    if (thirdParty !== undefined) table.push([`${name} ${thirdParty.tag}`, platforms.join("\n"), ref]);
  }
  const { version, barriers } = release.schema;
  const schema = `database schema ${version}${barriers.length === 0 ? "" : `, barriers ${barriers.join(", ")}`}`;
  return `release ${release.id} of ${release.revision} (${schema})\n${table.toString()}`;
}
