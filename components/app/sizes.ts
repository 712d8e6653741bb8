/** How much of a machine each service may take and is promised, by the size of the environment. */
import type { SizeName } from "../settings/sizes";
import type { Resources, Service } from "./model";

type Room = Partial<Omit<Resources, "pids" | "requests">> & { readonly requests?: Resources["requests"] };

/**
 * What differs from `standard`, which each service names itself. `edge` is for one small board with 1 GB for the whole
 * stack: at rest it takes about half of that. The others follow from whom they are for: a few people, a team, a company.
 */
const SIZES: Readonly<Record<SizeName, Readonly<Record<string, Room>>>> = {
  edge: {
    postgres: { cpus: 0.5, memoryMiB: 192, requests: { cpus: 0.05, memoryMiB: 48 } },
    redis: { cpus: 0.25, memoryMiB: 64, requests: { cpus: 0.02, memoryMiB: 16 } },
    api: { requests: { cpus: 0.05, memoryMiB: 64 } },
    openwebui: { cpus: 1, requests: { cpus: 0.1, memoryMiB: 384 } },
    edge: { cpus: 0.5, memoryMiB: 64, requests: { cpus: 0.02, memoryMiB: 16 } },
  },
  small: {
    postgres: { memoryMiB: 256, requests: { cpus: 0.05, memoryMiB: 64 } },
    redis: { memoryMiB: 128 },
    openwebui: { cpus: 1, requests: { cpus: 0.1, memoryMiB: 512 } },
  },
  standard: {},
  large: {
    postgres: { cpus: 4, memoryMiB: 4096, requests: { cpus: 1, memoryMiB: 2048 } },
    redis: { cpus: 1, memoryMiB: 1024, requests: { cpus: 0.1, memoryMiB: 512 } },
    api: { cpus: 2, requests: { cpus: 0.5, memoryMiB: 128 } },
    openwebui: { cpus: 4, requests: { cpus: 1, memoryMiB: 1024 } },
    edge: { cpus: 2, memoryMiB: 256, requests: { cpus: 0.25, memoryMiB: 64 } },
    prometheus: { cpus: 1, memoryMiB: 1536, requests: { cpus: 0.1, memoryMiB: 512 } },
    victorialogs: { cpus: 1, memoryMiB: 1024, requests: { cpus: 0.1, memoryMiB: 256 } },
  },
};

/** Services with the resources of a size. */
export const sized = (services: readonly Service[], size: SizeName): readonly Service[] =>
  services.map((service) => ({ ...service, resources: { ...service.resources, ...SIZES[size][service.name] } }));
