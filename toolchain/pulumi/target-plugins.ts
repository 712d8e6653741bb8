/** Official plugins that a target needs beside the stand-ins of every target. */
import type { TargetName } from "../../components/settings/targets";
import { linkKubernetesPlugin } from "./kubernetes-plugin";

const PLUGINS: Readonly<Partial<Record<TargetName, (home: string) => Promise<unknown>>>> = {
  kubernetes: linkKubernetesPlugin,
};

/** Puts them into a PULUMI_HOME that is prepared; compiles them the first time, which takes minutes. */
export async function linkTargetPlugins(home: string, targets: ReadonlySet<TargetName>): Promise<void> {
  for (const target of targets) await PLUGINS[target]?.(home);
}
