/** What a folder and a bucket have in common: contents under keys. */
export interface Objects {
  /** Keys that begin with this, in order. */
  list(prefix: string): Promise<readonly string[]>;
  has(key: string): Promise<boolean>;
  /** The content, or undefined where there is no such key. */
  read(key: string): Promise<Buffer | undefined>;
  /** Removes a key; one that is gone already is no matter. */
  remove(key: string): Promise<void>;
}
