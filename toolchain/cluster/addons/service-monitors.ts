/** The Prometheus Operator's kinds, from its module: the API server takes ServiceMonitors then, and nobody acts on them. */
import * as path from "node:path";
import { goModuleSource } from "../../go-tools";
import type { Manifest } from "../system/manifest";
import { manifestsIn } from "./published";

const NAME = "prometheus-operator";
/** As toolchain/go/prometheus-operator pins it. */
const MODULE = "github.com/prometheus-operator/prometheus-operator@v0.85.0";

export const serviceMonitors = async (): Promise<readonly Manifest[]> =>
  manifestsIn(path.join(await goModuleSource(NAME, MODULE), "example/prometheus-operator-crd"));
