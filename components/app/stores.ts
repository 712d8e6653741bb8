/** Where Postgres and Redis are: in containers of the stack, or run by somebody else. */
import type { SecretSetting, Settings } from "../settings/schema";
import { parsePostgresUrl, parseRedisUrl, type PostgresAddress, type RedisAddress } from "../settings/store-url";

/** What every managed store has beside its address. */
interface Managed {
  /** Name of the secret that its user logs in with. */
  readonly password: string;
  /** PEM of the authority that its certificate is verified by; absent where it is not, or where the system's do it. */
  readonly caCertificate?: string;
}

export type ManagedPostgres = PostgresAddress & Managed;
export type ManagedRedis = RedisAddress & Managed;

export interface Stores {
  readonly postgres: "container" | ManagedPostgres;
  readonly redis: "container" | ManagedRedis;
}

/**
 * Secrets of the model whose setting has another name. The stack generates a `redisPassword` of its own, which stays with
 * the data of its own store, whoever runs the one that is used.
 */
const SECRETS: Readonly<Partial<Record<SecretSetting, string>>> = {
  postgresPassword: "managedPostgresPassword",
  redisPassword: "managedRedisPassword",
};

/** The model's name of the secret that a setting holds. */
export const secretOfSetting = (setting: SecretSetting): string => SECRETS[setting] ?? setting;

const managed = (password: SecretSetting, caCertificate: string | undefined): Managed => ({
  password: secretOfSetting(password),
  ...(caCertificate === undefined ? {} : { caCertificate: `${caCertificate.trim()}\n` }),
});

/** The stores that the settings name; those that they do not are containers. */
export function storesOf(settings: Settings): Stores {
  const { postgresUrl, postgresCaCertificate, redisUrl, redisCaCertificate } = settings;
  return {
    postgres:
      postgresUrl === undefined
        ? "container"
        : { ...parsePostgresUrl(postgresUrl), ...managed("postgresPassword", postgresCaCertificate) },
    redis:
      redisUrl === undefined
        ? "container"
        : { ...parseRedisUrl(redisUrl), ...managed("redisPassword", redisCaCertificate) },
  };
}
