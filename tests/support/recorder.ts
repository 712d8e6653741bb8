/** The only place that sets Pulumi's mocks: records every resource that a program registers. */
import * as crypto from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly custom: boolean;
}

export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  readonly custom: boolean;
}

/** A question to a provider. */
export interface Call {
  readonly token: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A component that was made, of whatever class. */
export interface Component {
  readonly name: string;
  /** Name of its class. */
  readonly kind: string;
  readonly instance: pulumi.ComponentResource;
}

/** What the checks of a deployment write when all is well. */
export const PASSED = {
  passed: true,
  at: "2026-11-24T18:00:00.000Z",
  checks: [{ name: "the API is ready", passed: true, detail: "200" }],
};

/** Outputs of a provider that cannot be derived from the inputs, by type. */
const COMPUTED: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `value-of-${name}`, bcryptHash: `$2a$${name}` }),
  "tls:index/privateKey:PrivateKey": (name) => ({ privateKeyPem: `key-of-${name}\n` }),
  "tls:index/selfSignedCert:SelfSignedCert": (name) => ({ certPem: `cert-of-${name}\n` }),
  "tls:index/certRequest:CertRequest": (name) => ({ certRequestPem: `request-of-${name}\n` }),
  "tls:index/locallySignedCert:LocallySignedCert": (name) => ({ certPem: `cert-of-${name}\n` }),
  "docker:index/remoteImage:RemoteImage": (name) => ({ imageId: `id-of-${name}` }),
  "random:index/randomId:RandomId": (name) => ({ hex: `hex-of-${name}` }),
  "ralex:docker:Files": (name) => ({ volume: `volume-of-${name}` }),
  "ralex:docker:Checks": () => ({ result: PASSED }),
  "ralex:kubernetes:Checks": () => ({ result: PASSED }),
  "docker-build:index:Image": () => ({ digest: `sha256:${"ab".repeat(32)}` }),
};

/** What a provider is asked, by its token. */
type Answers = Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => Record<string, unknown>>>;

const CALLED: Answers = {
  "ralex:kubernetes:existingSecret": ({ hash }) => {
    const { services = {} } = (hash ?? {}) as { readonly services?: Readonly<Record<string, readonly string[]>> };
    const hashes = Object.entries(services).map(([service, keys]) => [service, secretHash(keys)]);
    return { problems: [], hashes: Object.fromEntries(hashes) };
  },
};

/** What stands for the keyed hash over these keys of a Secret. */
export const secretHash = (keys: readonly string[]): string =>
  crypto.createHash("sha256").update(keys.join()).digest("hex");

/**
 * Runs a program without an engine and returns what it registered, in order of registration.
 *
 * It proves which resources are declared with which inputs. It does not prove that a provider accepts them, nor that
 * a second update finds nothing to do: the engine and docker tiers do.
 */
export async function record(
  program: () => unknown,
  options: { readonly stack?: string; readonly preview?: boolean; readonly answers?: Answers } = {},
): Promise<Recording> {
  const resources: Recorded[] = [];
  const registrations: Registration[] = [];
  const calls: Call[] = [];
  const outputs = new Map<string, readonly string[]>();
  const instances = new Map<string, pulumi.ComponentResource>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const state = { ...inputs, ...(COMPUTED[type]?.(name) ?? {}) };
        resources.push({ type, name, inputs: inputs as Record<string, unknown>, custom: custom ?? false });
        return { id: `${name}-id`, state };
      },
      call: ({ token, inputs }) => {
        const asked = { ...CALLED, ...options.answers }[token];
        if (asked === undefined) throw new Error(`the program called ${token}, which no test expects`);
        calls.push({ token, inputs });
        return asked(inputs);
      },
    },
    "ralex",
    options.stack ?? "dev",
    options.preview ?? false,
  );
  // Parents and options are not part of what mocks are told, so they are read where resources register.
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const { registerResource, registerResourceOutputs } = monitor;
  monitor.registerResource = function (request, ...more) {
    registrations.push({
      type: request.getType(),
      name: request.getName(),
      parent: request.getParent(),
      protect: request.getProtect(),
      ignoreChanges: request.getIgnorechangesList(),
      custom: request.getCustom(),
    });
    return registerResource.call(this, request, ...more);
  };
  monitor.registerResourceOutputs = function (request, ...more) {
    const name = request.getUrn().split("::").at(-1) ?? "";
    outputs.set(name, Object.keys(request.getOutputs()?.toJavaScript() ?? {}));
    return registerResourceOutputs.call(this, request, ...more);
  };
  // Every component's constructor calls it, whatever the class.
  const prototype = pulumi.ComponentResource.prototype as unknown as Constructed;
  const { initialize } = prototype;
  prototype.initialize = function (args, opts, name, type) {
    instances.set(name, this as unknown as pulumi.ComponentResource);
    return initialize.call(this, args, opts, name, type);
  };
  try {
    await program();
    // Late children would be missing otherwise, and an assertion over none of them would pass.
    await pulumi.runtime.disconnect();
  } finally {
    prototype.initialize = initialize;
  }
  const components = [...instances].map(([name, instance]) => ({ name, kind: instance.constructor.name, instance }));
  return { resources, registrations, calls, outputs, components };
}

export interface Recording {
  readonly resources: readonly Recorded[];
  readonly registrations: readonly Registration[];
  readonly calls: readonly Call[];
  /** Names of the outputs that components registered, by component name. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
  readonly components: readonly Component[];
}

interface Constructed {
  initialize(args: unknown, opts: unknown, name: string, type: string): unknown;
}

interface Monitor {
  registerResource(request: RegisterRequest, ...more: unknown[]): unknown;
  registerResourceOutputs(request: OutputsRequest, ...more: unknown[]): unknown;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getCustom(): boolean;
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): { toJavaScript(): Record<string, unknown> } | undefined;
}

/** Resources of one type, in order. */
export const ofType = (resources: readonly Recorded[], type: string): readonly Recorded[] =>
  resources.filter((resource) => resource.type === type);
