/** The images of the lock, as a machine without their registries makes them from Debian and PyPI packages. */
import type { GoModuleName } from "../go-tools";

export interface Recipe {
  /** Name in the image lock, and of the folder with the Dockerfile. */
  readonly name: string;
  /** What the registry files it under, where it is no substitute for an image of the lock. */
  readonly group?: string;
  /** Where the folder with the Dockerfile is, if not beside this file. */
  readonly folder?: string;
  /** Version of the software inside, as a tag. */
  readonly tag: string;
  /** Debian packages of the root file system; none when the image is built on another. */
  readonly packages: readonly string[];
  /** Dependencies that the service does without. */
  readonly without?: readonly string[];
  /** Another recipe's image, as build argument BASE_IMAGE. */
  readonly base?: string;
  /** Programs from the Go module proxy, as build context `tool`. */
  readonly tool?: GoModuleName;
  /** `true` for what runs on clusters alone: a start on the Docker Engine does without it. */
  readonly onClusters?: true;
  /** Whether the build fetches packages, and so needs the machine's trusted authorities. */
  readonly fetches?: boolean;
  /** Most that the image may take on disk, unpacked, in MiB. */
  readonly sizeBudgetMiB: number;
  /** What its data is written as, as for an official image. */
  readonly dataVersion?: string;
  /** Measured on two cores with nothing cached, in seconds. */
  readonly expectedSeconds: number;
}

const words = (text: string): readonly string[] => text.split(" ");

/** A shell and the usual small programs, wget among them. */
const BUSYBOX = "busybox-static";

export const RECIPES: readonly Recipe[] = [
  {
    name: "python",
    tag: "3.11.2-slim-bookworm",
    packages: [
      ...words("bash dash coreutils sed grep findutils mawk tar gzip diffutils debianutils netbase tzdata libstdc++6"),
      ...words("python3.11 python3.11-venv python3-distutils python3-lib2to3 python3-pip-whl"),
    ],
    without: ["python3", "python3-minimal", "libpython3-stdlib"],
    fetches: true,
    sizeBudgetMiB: 120,
    expectedSeconds: 30,
  },
  {
    name: "openwebui",
    tag: "0.12.4",
    packages: [],
    base: "python",
    sizeBudgetMiB: 1100,
    dataVersion: "0bd252b206fb",
    expectedSeconds: 70,
  },
  {
    name: "postgres",
    tag: "15-bookworm",
    packages: ["postgresql-15", BUSYBOX],
    without: [
      ...words("postgresql-common postgresql-client-common ssl-cert openssl locales libc-l10n netbase"),
      ...words("libllvm14 libz3-4 libedit2 libbsd0 libmd0"),
    ],
    sizeBudgetMiB: 130,
    dataVersion: "15",
    expectedSeconds: 20,
  },
  {
    name: "redis",
    tag: "7.0-bookworm",
    packages: ["redis-server", BUSYBOX],
    sizeBudgetMiB: 60,
    dataVersion: "rdb-10",
    expectedSeconds: 10,
  },
  {
    name: "nginx",
    tag: "1.22-bookworm",
    packages: ["nginx", "curl", BUSYBOX],
    without: words("iproute2 libbpf1 libelf1 libmnl0 libxtables12 libtirpc3 libcap2-bin libdb5.3"),
    sizeBudgetMiB: 80,
    expectedSeconds: 10,
  },
  {
    name: "prometheus",
    tag: "2.42-bookworm",
    packages: ["prometheus", BUSYBOX],
    sizeBudgetMiB: 130,
    expectedSeconds: 15,
  },
  {
    name: "alertmanager",
    tag: "0.25-bookworm",
    packages: ["prometheus-alertmanager", BUSYBOX],
    sizeBudgetMiB: 80,
    expectedSeconds: 10,
  },
  ...["node", "postgres", "redis", "nginx"].map((exported) => ({
    name: `${exported}-exporter`,
    tag: "bookworm",
    packages: [`prometheus-${exported}-exporter`, BUSYBOX],
    sizeBudgetMiB: 60,
    expectedSeconds: 10,
  })),
  {
    name: "victorialogs",
    tag: "1.121.0",
    packages: [BUSYBOX],
    tool: "victoria-logs" as const,
    sizeBudgetMiB: 60,
    expectedSeconds: 10,
  },
  {
    name: "otel-collector",
    tag: "0.160.0",
    packages: [],
    tool: "otel-collector",
    onClusters: true,
    sizeBudgetMiB: 60,
    expectedSeconds: 5,
  },
];

/** Names of the recipes: all, or those of what runs on the Docker Engine. */
export const recipeNames = (which: "all" | "engine"): readonly string[] =>
  RECIPES.filter(({ onClusters }) => which === "all" || onClusters !== true).map(({ name }) => name);
