/** Docker's builder, and what keeps it from building what is asked for. */
import execa from "execa";
import { Failure } from "../../../failure";
import type { MachineNeeds } from "../../../machine";
import type { Engine } from "../engine";

/** @throws Failure where Docker's builder cannot build what is asked for. */
export async function requireBuilder({ variables }: Engine, platforms: MachineNeeds["platforms"]): Promise<void> {
  if (platforms !== undefined) {
    const problems = await builderProblems(platforms, variables);
    if (problems.length > 0) throw new Failure(`Docker's builder cannot build a release:\n  ${problems.join("\n  ")}`);
    return;
  }
  const { failed, stderr } = await execa("docker", ["buildx", "version"], { reject: false, stdin: "ignore" });
  if (failed) {
    throw new Failure(
      `docker buildx does not work here, and images are built with it: ${lastLine(stderr) || "docker is not installed"}\n` +
        "Docker Desktop has it; elsewhere install docker-buildx-plugin (Docker's packages) or docker-buildx (Debian's, Ubuntu's)",
    );
  }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

/**
 * Why the builder of Docker that is in use does not build for all of the platforms, each with what to do. It is started
 * where it is not: before that it does not say what it can.
 * @param variables - what names the engine; what Pulumi's plugin gets.
 */
export async function builderProblems(
  platforms: readonly string[],
  variables: Engine["variables"] = {},
): Promise<readonly string[]> {
  const { failed, stdout, stderr } = await execa("docker", ["buildx", "inspect", "--bootstrap"], {
    env: { ...variables },
    reject: false,
    stdin: "ignore",
  });
  if (failed) return [`docker buildx does not work here: ${stderr.trim() || "docker is not installed"}`];
  const offered = [...stdout.matchAll(/^Platforms:\s*(.*)$/gm)].flatMap(([, list = ""]) => list.split(/[,\s*]+/));
  const missing = platforms.filter((platform) => !offered.includes(platform));
  const isPlainDocker = /^Driver:\s*docker\s*$/m.test(stdout);
  return [
    ...(isPlainDocker
      ? [
          // Its own network, so that it reaches a registry on loopback; globally, since a choice holds for one context.
          "it cannot push for several platforms: docker buildx create --name ralex --driver docker-container " +
            "--driver-opt network=host && docker buildx use --global ralex",
        ]
      : []),
    ...(missing.length > 0
      ? [
          `it does not run programs for ${missing.join(", ")}: docker run --privileged --rm tonistiigi/binfmt --install all`,
        ]
      : []),
  ];
}
