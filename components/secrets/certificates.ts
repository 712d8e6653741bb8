import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

const HOURS_A_YEAR = 8766;
/** Renewed by the first `up` in the last 30 days. */
const EARLY_RENEWAL_HOURS = 30 * 24;

/** What the edge's certificate is for. */
export interface CertificatesArgs {
  readonly dnsNames: readonly [string, ...string[]];
  readonly ipAddresses: readonly string[];
}

/** A certificate authority of the stack's own, and the edge's certificate. */
export class Certificates extends pulumi.ComponentResource {
  /** PEM. What clients have to trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** PEM: the edge's certificate, then the authority's. */
  readonly certificate: pulumi.Output<string>;
  /** PEM, secret. */
  readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    // People have told their browsers to trust the authority: it keeps its identity in states that know an earlier type.
    const earlier = { aliases: [{ type: "ralex:docker:Certificates" }] };
    super("ralex:secrets:Certificates", name, {}, pulumi.mergeOptions(earlier, opts));
    const parent = { parent: this };
    // People have told their browsers to trust it.
    const kept = { ...parent, protect: true };
    const caKey = new tls.PrivateKey(`${name}-ca-key`, { algorithm: "RSA", rsaBits: 3072 }, kept);
    const ca = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: caKey.privateKeyPem,
        isCaCertificate: true,
        subject: { commonName: `${name} certificate authority` },
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: 10 * HOURS_A_YEAR,
      },
      kept,
    );
    const key = new tls.PrivateKey(`${name}-edge-key`, { algorithm: "RSA", rsaBits: 2048 }, parent);
    const request = new tls.CertRequest(
      `${name}-edge-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.dnsNames[0] },
        dnsNames: [...args.dnsNames],
        ipAddresses: [...args.ipAddresses],
      },
      parent,
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-edge`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: caKey.privateKeyPem,
        caCertPem: ca.certPem,
        allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
        validityPeriodHours: HOURS_A_YEAR,
        earlyRenewalHours: EARLY_RENEWAL_HOURS,
      },
      parent,
    );
    this.caCertificate = ca.certPem;
    this.certificate = pulumi.interpolate`${certificate.certPem}${ca.certPem}`;
    this.privateKey = pulumi.secret(key.privateKeyPem);
    this.registerOutputs({
      caCertificate: this.caCertificate,
      certificate: this.certificate,
      privateKey: this.privateKey,
    });
  }
}
