/** Images and registries that the tests of evidence look at. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { spawn } from "node:child_process";
import bcrypt from "bcryptjs";
import execa from "execa";
import forge from "node-forge";
import { poll } from "../support/http";

/** Looks like a key of AWS, and is none. */
export const FAKE_SECRET = "AKIAQWERTYUIOPASDFGH";

/** A context with everything wrong: root, a setuid file, a secret, and a package that the test's database knows. */
export function writeFaultyContext(folder: string): void {
  const write = (name: string, text: string, mode = 0o644) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text, { mode });
  };
  write(
    "Dockerfile",
    'FROM scratch\nCOPY root/ /\nCOPY --chmod=4755 tool /usr/bin/tool\nENTRYPOINT ["/usr/bin/tool"]\n',
  );
  write("root/app/settings.env", `AWS_ACCESS_KEY_ID=${FAKE_SECRET}\n`);
  const metadata = "Metadata-Version: 2.1\nName: requests\nVersion: 2.0.0\n";
  write("root/usr/lib/python3/dist-packages/requests-2.0.0.dist-info/METADATA", metadata);
  write("tool", "not a program\n");
}

/** Builds a context for two platforms and pushes it. @returns the index, by digest */
export async function buildAndPush(
  context: string,
  repository: string,
  environment: Readonly<Record<string, string>>,
  options: readonly string[] = ["attest:provenance=mode=max"],
): Promise<string> {
  const metadata = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-evidence-build-")), "metadata.json");
  const args = [
    ...["build", "--frontend", "dockerfile.v0", "--progress", "plain", "--metadata-file", metadata],
    ...["--local", `context=${context}`, "--local", `dockerfile=${context}`],
    ...["platform=linux/amd64,linux/arm64", ...options].flatMap((option) => ["--opt", option]),
    ...["--output", `type=image,name=${repository},push=true`],
  ];
  await execa("buildctl", args, { env: environment, extendEnv: false, stdin: "ignore" });
  const known = JSON.parse(fs.readFileSync(metadata, "utf8")) as Readonly<Record<string, string>>;
  fs.rmSync(path.dirname(metadata), { recursive: true });
  return `${repository}@${known["containerimage.digest"]}`;
}

export interface TlsRegistry {
  /** `host:port`. */
  readonly name: string;
  /** File of the certificate that it has to be trusted by. */
  readonly certificate: string;
  /** Folder of a Docker configuration that holds the credentials. */
  readonly dockerConfig: string;
  stop(): Promise<void>;
}

/** A registry that speaks TLS and lets nobody in without a password, on a port of its own. */
export async function startTlsRegistry(folder: string, port: number): Promise<TlsRegistry> {
  const name = `127.0.0.1:${port}`;
  const file = (child: string, text: string) => {
    fs.writeFileSync(path.join(folder, child), text, { mode: 0o600 });
    return path.join(folder, child);
  };
  const { certificate, key } = selfSigned();
  const files = { certificate: file("registry.crt", certificate), key: file("registry.key", key) };
  const users = file("htpasswd", `robot:${bcrypt.hashSync("evidence-of-a-test", 4)}\n`);
  const configuration = file(
    "registry.yml",
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${JSON.stringify(path.join(folder, "registry"))} } }
auth: { htpasswd: { realm: ralex, path: ${JSON.stringify(users)} } }
http:
  addr: "${name}"
  tls: { certificate: ${JSON.stringify(files.certificate)}, key: ${JSON.stringify(files.key)} }
`,
  );
  const auth = Buffer.from("robot:evidence-of-a-test").toString("base64");
  file("config.json", JSON.stringify({ auths: { [name]: { auth } } }));
  const registry = spawn("docker-registry", ["serve", configuration], { stdio: "ignore" });
  // A TLS server answers plain HTTP with 400.
  await poll("the registry with TLS", 20_000, async () =>
    (await fetch(`http://${name}/v2/`)).status === 400 ? true : undefined,
  );
  return {
    name,
    certificate: files.certificate,
    dockerConfig: folder,
    stop: async () => {
      const ended = new Promise((resolve) => registry.once("exit", resolve));
      registry.kill();
      await ended;
    },
  };
}

function selfSigned(): { readonly certificate: string; readonly key: string } {
  const pair = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = pair.publicKey;
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: "commonName", value: "registry of a test" }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
  ]);
  certificate.sign(pair.privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: forge.pki.privateKeyToPem(pair.privateKey) };
}
