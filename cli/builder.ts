/** The machine that builds and pushes images: its engine is Docker, whatever the target of a stack is. */
import { engineRegistry } from "../components/docker/engine/registry";
import type { RegistryReader } from "../components/image/registry-reader";
import { namedEngine, runningEngine } from "./targets/docker/engine";

/** The registry that the environment names. */
export const chosenRegistry = (): string | undefined => process.env.RALEX_REGISTRY || undefined;

/** Registries, asked with the credentials of this machine. @throws Failure where nobody here can ask them. */
export const openRegistry = async (): Promise<RegistryReader> => engineRegistry((await runningEngine()).docker);

/** What names the engine, for the programs of a command; undefined is to be unset. */
export const engineVariables = (): Readonly<Record<string, string | undefined>> => namedEngine().variables;

export { startTime } from "./targets/docker/start-time";
export { officialChecks } from "./targets/docker/builder/doctor";
export { officialMachine } from "./targets/docker/builder/official";
