/** Names and labels by which an environment's containers, networks and volumes are known to Docker. */
export interface Identity {
  /** The Pulumi stack: `dev`. */
  readonly stack: string;
  /** Start of every name: `ralex-dev`. */
  readonly prefix: string;
  /** The checkout's folder; two checkouts never sweep each other's containers. */
  readonly checkout: string;
}

export const identityOf = (stack: string, checkout: string): Identity => ({
  stack,
  prefix: `ralex-${stack}`,
  checkout,
});

/** Names of a service's containers, in slot order. */
export const containerNames = (prefix: string, service: string, replicas: number): readonly string[] =>
  replicas > 1
    ? Array.from({ length: replicas }, (_, slot) => `${prefix}-${service}-${slot}`)
    : [`${prefix}-${service}`];

export const STACK_LABEL = "ralex.stack";
export const CHECKOUT_LABEL = "ralex.checkout";
export const SERVICE_LABEL = "ralex.service";
/** The image that a container was made from, as `repository@sha256:…`. */
export const IMAGE_LABEL = "ralex.image";

export function labelsOf(identity: Identity, more: Readonly<Record<string, string>> = {}) {
  const labels = { [CHECKOUT_LABEL]: identity.checkout, [STACK_LABEL]: identity.stack, ...more };
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
}
