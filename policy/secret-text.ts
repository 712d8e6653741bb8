/** How a secret is told by its name or its text. What is looked at is never part of a message. */

/** Names of variables, keys and arguments that hold secrets. */
const SECRET_NAME =
  /(?:^|[_.-])(?:api_?keys?|keys?|tokens?|passwords?|passwd|pass|pwd|pat|secrets?|dsn|credentials?|private_?key|connection_?string)(?:$|[_.-])/i;

/** Names that only sound so: where a secret is, which one it is, and what is public of it. */
const NO_SECRET_NAME =
  /(?:_|\b)(?:file|files|path|dir|name|id|url|uri|host|hash|public_?key|pub_?key|key_?id|ttl|timeout|expiry|expires|length|min|max|enabled|required|header|prefix|type|algorithm|limit|count|tokens_per_\w+|max_tokens)$/i;

/** `apiKey` and `APIKey` have the same words as `API_KEY`. */
const words = (name: string): string =>
  name.replace(/([a-z\d])([A-Z])/g, "$1_$2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2");

/** A file with such a name has to do with secrets, and is none. */
const PLAIN_FILE = /\.(?:sh|py|js|sql|conf|cfg|ini|ya?ml|json|toml|txt|md|crt|pub)$/i;

export const isSecretName = (name: string): boolean =>
  !PLAIN_FILE.test(name) && SECRET_NAME.test(words(name)) && !NO_SECRET_NAME.test(words(name));

/** Begins of keys that providers give out, and of keys in PEM. */
const KNOWN_FORMS =
  /^(?:sk-[\w-]{16,}|sk_live_\w{16,}|gh[pousr]_\w{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abps]-[\w-]{10,}|AKIA[A-Z\d]{16}|ASIA[A-Z\d]{16}|AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----)/;

/** The password of an address: `scheme://user:password@host`. */
const IN_ADDRESS = /^[a-z][a-z\d+.-]*:\/\/[^/?#@]*?:([^/?#]*)@/i;

/** The password that an address has in it; undefined where it has none. */
export const passwordInAddress = (text: string): string | undefined => {
  const password = IN_ADDRESS.exec(text)?.[1];
  return password === undefined || password === "" ? undefined : password;
};

/** Shortest text that is long enough to be random, in characters, and bits a character from which it is. */
const RANDOM = { length: 24, bits: 4.2 } as const;

/** Whether a text is a secret whatever its name: a known form, an address with a password, or random. */
export const looksSecret = (text: string): boolean =>
  KNOWN_FORMS.test(text) || passwordInAddress(text) !== undefined || isRandom(text);

function isRandom(text: string): boolean {
  // Digests are public, and have four bits a character; paths, addresses and sentences have other characters.
  if (text.length < RANDOM.length || !/^[\w+/=-]+$/.test(text) || text.startsWith("/")) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(text)).length;
  return kinds === 3 && entropy(text) >= RANDOM.bits;
}

/** Shannon's entropy of the characters of a text, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

/** Secrets that everybody knows: defaults of images, tutorials and this product's planning document. */
const KNOWN_SECRETS: ReadonlySet<string> = new Set([
  ...["password", "passw0rd", "password1", "password123", "pass", "postgres", "admin", "admin123", "root", "secret"],
  ...["changeme", "change-me", "change_me", "changeit", "default", "example", "test", "guest", "redis", "user"],
  ...["ralex", "ralex-bridge-key", "difyai123456", "supersecret", "letmein", "qwerty", "123456", "12345678"],
  ...["minioadmin", "rabbitmq", "mysecretpassword", "sk-1234", "your-api-key", "none", "empty"],
]);

/** Fewest characters of a secret that is not guessed. Source: NIST SP 800-63B-4, 3.1.1.2, with one more. */
export const SHORTEST_SECRET = 16;

/** Why a secret is a weak one; undefined where it is not. */
export function weaknessOf(secret: string): string | undefined {
  if (KNOWN_SECRETS.has(secret.toLowerCase())) return "is a default that everybody knows";
  return secret.length < SHORTEST_SECRET ? `is shorter than ${SHORTEST_SECRET} characters` : undefined;
}
