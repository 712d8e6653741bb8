/** Values of a resource's properties, each with the path that leads to it: what a rule looks at and what it reports. */

/** A value that a preview cannot know. */
export const UNKNOWN: unique symbol = Symbol("unknown until the update");
/** A secret value that is there and cannot be read: exported state has ciphertext. */
export const HIDDEN: unique symbol = Symbol("a secret that is not readable here");

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** The path of a key below a path: `spec.containers`, `labels["app.kubernetes.io/name"]`. */
const below = (path: string, key: string): string => {
  if (!PLAIN_KEY.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
};

/** Nothing may be below a value that is absent, unknown or of another type: reading on gives an absent or unknown value. */
export class Value {
  constructor(
    /** A JSON value, undefined where there is none, {@link UNKNOWN} or {@link HIDDEN}. */
    readonly raw: unknown,
    /** From the resource's properties to here. */
    readonly path: string = "",
  ) {}

  /** Absent, or null: engines take both for "not set". */
  get isAbsent(): boolean {
    return this.raw === undefined || this.raw === null;
  }

  /** Whether this very value is unknown; what is below it may be while it is not. */
  get isUnknown(): boolean {
    return this.raw === UNKNOWN;
  }

  get isHidden(): boolean {
    return this.raw === HIDDEN;
  }

  /**
   * The value of a key. An absent key has the path where it belongs; below an unknown or hidden value everything is
   * unknown, with that value's own path.
   */
  get(key: string): Value {
    if (this.isUnknown || this.isHidden) return new Value(UNKNOWN, this.path);
    const path = below(this.path, key);
    if (!isObject(this.raw) || !Object.hasOwn(this.raw, key)) return new Value(undefined, path);
    return new Value(this.raw[key], path);
  }

  /** {@link get}, several keys deep. */
  at(...keys: readonly string[]): Value {
    return keys.reduce((value: Value, key) => value.get(key), this);
  }

  /** The elements of a list; one unknown element where the list is unknown, none where it is no list. */
  items(): readonly Value[] {
    if (this.isUnknown || this.isHidden) return [new Value(UNKNOWN, this.path)];
    if (!Array.isArray(this.raw)) return [];
    return this.raw.map((item: unknown, index) => new Value(item, `${this.path}[${index}]`));
  }

  /** The values of an object by key; none where it is unknown: ask {@link isUnknown} first. */
  entries(): readonly (readonly [string, Value])[] {
    if (!isObject(this.raw)) return [];
    return Object.keys(this.raw).map((key) => [key, this.get(key)] as const);
  }

  /** undefined for everything that is no text. */
  get text(): string | undefined {
    return typeof this.raw === "string" ? this.raw : undefined;
  }

  /** undefined for everything that is no number; text of a number is one, as some providers have it. */
  get number(): number | undefined {
    if (typeof this.raw === "number") return this.raw;
    return typeof this.raw === "string" && /^-?\d+(\.\d+)?$/.test(this.raw) ? Number(this.raw) : undefined;
  }

  /** Whether it is true; text of it counts, as some providers have it. */
  get isTrue(): boolean {
    return this.raw === true || this.raw === "true";
  }

  get isFalse(): boolean {
    return this.raw === false || this.raw === "false";
  }

  /** Whether this value, or one below it, is unknown. */
  get hasUnknown(): boolean {
    if (this.isUnknown) return true;
    if (Array.isArray(this.raw)) return this.items().some((item) => item.hasUnknown);
    return this.entries().some(([, value]) => value.hasUnknown);
  }

  /** The JSON document that a text holds, as ECS has its containers; its paths go on from here. Absent where it is none. */
  json(): Value {
    if (this.isUnknown || this.isHidden) return new Value(UNKNOWN, this.path);
    if (this.text === undefined) return new Value(this.raw, this.path);
    try {
      return new Value(JSON.parse(this.text), this.path);
    } catch {
      return new Value(undefined, this.path);
    }
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
