/**
 * Root file systems from Debian packages, by extracting them: no maintainer script runs, so it takes seconds, needs no
 * chroot and gives the same bytes every time. What a script would have made (users, directories) is added by hand.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { withLock } from "../lock";
import { cacheRoot } from "../paths";

export const SUITE = "bookworm";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Where the host keeps the authorities that it trusts; images get it where they fetch something. */
export const TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt";

/** Every file's time at the latest, in seconds: what the packages hold is older, what is made here is not. */
export const SOURCE_DATE_EPOCH = 1_735_689_600;
const LISTS_STALE_MS = 24 * 3600_000;

/** Needed by maintainer scripts and administrators only, whatever depends on them. */
const NEVER = [
  ...[
    "adduser",
    "debconf",
    "dpkg",
    "init-system-helpers",
    "lsb-base",
    "passwd",
    "sensible-utils",
    "sysvinit-utils",
    "ucf",
  ],
  ...["perl", "perl-base", "libperl5.36", "usrmerge", "gcc-12-base", "libpam-modules", "libpam-modules-bin"],
  ...["libsemanage2", "libsemanage-common", "libsepol2", "readline-common"],
] as const;
const NEVER_PREFIX = /^(?:perl-modules-|lib.*-perl$)/;

const EXCLUDED_PATHS = [
  "doc",
  "doc-base",
  "man",
  "info",
  "locale",
  "lintian",
  "bug",
  "help",
  "menu",
  "bash-completion",
];

const aptFolder = (): string => path.join(cacheRoot(), `debian-${SUITE}`);
/** Not apt's own: what is in that one, apt leaves out of the list that {@link resolve} asks for. */
const archiveFolder = (): string => path.join(aptFolder(), "packages");

/** An apt of our own: the host's packages and versions play no part, its proxy settings do. */
function aptOptions(): readonly string[] {
  const folder = aptFolder();
  const options = {
    "Dir::State": path.join(folder, "state"),
    "Dir::State::status": path.join(folder, "status"),
    "Dir::Cache": path.join(folder, "cache"),
    "Dir::Etc::sourcelist": path.join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "APT::Install-Recommends": "false",
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
  };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** sources.list for the suite, on the mirrors that the host's own apt uses. */
export function sourcesList(targets: string): string {
  const lines = targets.split("\n").flatMap((line) => {
    const [origin = "", label = "", uri = ""] = line.split("|");
    if (origin !== "Debian") return [];
    const suites = label === "Debian-Security" ? [`${SUITE}-security`] : [SUITE, `${SUITE}-updates`];
    return suites.map((suite) => `deb [signed-by=${KEYRING}] ${uri} ${suite} main`);
  });
  return [...new Set(lines)]
    .sort()
    .map((line) => `${line}\n`)
    .join("");
}

/** Fetches the package lists where they are missing or a day old. */
export async function updatePackageLists(): Promise<void> {
  const folder = aptFolder();
  const done = path.join(folder, "updated");
  await withLock(folder, async () => {
    const age = Date.now() - (fs.statSync(done, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age < LISTS_STALE_MS) return;
    for (const part of ["state/lists/partial", "cache/archives/partial", "packages"]) {
      fs.mkdirSync(path.join(folder, part), { recursive: true });
    }
    fs.writeFileSync(path.join(folder, "status"), "");
    const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
    const { stdout } = await execa("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
    const sources = sourcesList(stdout);
    if (sources === "")
      throw new Error(
        "apt has no lists of a Debian archive here: add one to its sources, run apt-get update, then try again",
      );
    fs.writeFileSync(path.join(folder, "sources.list"), sources);
    await execa("apt-get", [...aptOptions(), "update", "-qq"]);
    fs.writeFileSync(done, "");
  });
}

/** File names of the packages and what they depend on, without the unwanted. */
async function resolve(packages: readonly string[], without: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await execa("apt-get", [...aptOptions(), "install", "-qq", "-y", "--print-uris", ...packages]);
  const unwanted = new Set<string>([...NEVER, ...without].filter((name) => !packages.includes(name)));
  return [...stdout.matchAll(/^'[^']+' (\S+)/gm)]
    .map((match) => match[1] ?? "")
    .filter((file) => {
      const name = file.split("_")[0] ?? "";
      return !unwanted.has(name) && !(NEVER_PREFIX.test(name) && !packages.includes(name));
    })
    .sort();
}

async function download(files: readonly string[]): Promise<void> {
  const missing = (): readonly string[] => files.filter((file) => !fs.existsSync(path.join(archiveFolder(), file)));
  if (missing().length === 0) return;
  await withLock(archiveFolder(), async () => {
    const wanted = missing().map((file) => {
      const [name = "", version = ""] = file.split("_");
      return `${name}=${decodeURIComponent(version)}`;
    });
    if (wanted.length === 0) return;
    // apt writes under the final name at once: an interrupted download must not be taken for a whole one.
    const partial = fs.mkdtempSync(path.join(aptFolder(), "download-"));
    try {
      await execa("apt-get", [...aptOptions(), "download", "-qq", ...wanted], { cwd: partial });
      for (const file of fs.readdirSync(partial))
        fs.renameSync(path.join(partial, file), path.join(archiveFolder(), file));
    } finally {
      fs.rmSync(partial, { recursive: true, force: true });
    }
  });
}

/** Writes the root file system of some packages to a tar file. Needs root, to keep owners. */
export async function debianRoot(
  packages: readonly string[],
  without: readonly string[],
  tarFile: string,
): Promise<void> {
  const files = await resolve(["base-files", "base-passwd", "libc-bin", ...packages], without);
  await download(files);
  const root = fs.mkdtempSync(path.join(path.dirname(tarFile), "root-"));
  try {
    fs.chmodSync(root, 0o755);
    mergedUsr(root);
    for (const file of files) await extract(path.join(archiveFolder(), file), root);
    complete(root);
    if (packages.includes("busybox-static")) await linkApplets(root);
    const reproducible = ["--sort=name", "--numeric-owner", `--mtime=@${SOURCE_DATE_EPOCH}`, "--clamp-mtime"];
    await execa("tar", [...reproducible, "-C", root, "-cf", tarFile, "."]);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** /bin, /lib and /sbin are links into /usr, as on every Debian since 12. */
function mergedUsr(root: string): void {
  for (const name of ["bin", "lib", "lib64", "sbin"]) {
    fs.mkdirSync(path.join(root, "usr", name), { recursive: true });
    fs.symlinkSync(`usr/${name}`, path.join(root, name));
  }
}

async function extract(file: string, root: string): Promise<void> {
  const excludes = EXCLUDED_PATHS.map((name) => `--exclude=./usr/share/${name}/*`);
  const contents = execa("dpkg-deb", ["--fsys-tarfile", file], { buffer: false });
  const unpack = execa("tar", ["-C", root, "-x", "--keep-directory-symlink", "--numeric-owner", ...excludes]);
  if (contents.stdout !== null && unpack.stdin !== null) contents.stdout.pipe(unpack.stdin);
  await Promise.all([contents, unpack]);
  // One control file a package, where scanners of images without dpkg look for it.
  const { stdout } = await execa("dpkg-deb", ["--field", file]);
  const status = path.join(root, "var/lib/dpkg/status.d");
  fs.mkdirSync(status, { recursive: true });
  fs.writeFileSync(path.join(status, path.basename(file).split("_")[0] ?? ""), `${stdout}\n`);
}

/** What the maintainer scripts of base-files and base-passwd make. */
function complete(root: string): void {
  const at = (file: string): string => path.join(root, file);
  fs.copyFileSync(at("usr/share/base-passwd/passwd.master"), at("etc/passwd"));
  fs.copyFileSync(at("usr/share/base-passwd/group.master"), at("etc/group"));
  const usual = ["run", "home", "var/log", "usr/local/bin", "usr/local/sbin", "usr/local/lib", "usr/local/share"];
  for (const name of usual) fs.mkdirSync(at(name), { recursive: true });
  for (const [name, mode] of [
    ["tmp", 0o1777],
    ["var/tmp", 0o1777],
    ["root", 0o700],
  ] as const) {
    fs.mkdirSync(at(name), { recursive: true });
    fs.chmodSync(at(name), mode);
  }
  if (!fs.existsSync(at("var/run"))) fs.symlinkSync("/run", at("var/run"));
}

/** A shell and the usual commands from one program, where the image has no others. */
async function linkApplets(root: string): Promise<void> {
  const { stdout } = await execa(path.join(root, "bin/busybox"), ["--list-full"]);
  for (const applet of stdout.split("\n")) {
    const name = path.basename(applet);
    const taken = ["usr/bin", "usr/sbin"].some((folder) => fs.existsSync(path.join(root, folder, name)));
    if (!taken) fs.symlinkSync("/usr/bin/busybox", path.join(root, "usr/bin", name));
  }
}
