/** A backend whose files are read here: a folder, or a bucket. */
import { Failure } from "../failure";
import type { Backend, StackId } from "./backend";
import { deploymentIn, STATE_ENDINGS, textOfState, type Deployment } from "./checkpoint";
import { keyOfLock, lockAt, LOCKS, ownerIn, type Lock } from "./lock";
import type { Objects } from "./objects";

/** How long the owner of a lock may take to write it, in milliseconds. */
const WRITING_MS = 500;

export class StoredBackend implements Backend {
  readonly isReadHere = true;

  constructor(
    readonly address: string,
    private readonly objects: Objects,
  ) {}

  /** Without a service there are no organizations, and Pulumi calls each this. */
  organization(): Promise<string> {
    return Promise.resolve("organization");
  }

  async locks(of?: StackId): Promise<readonly Lock[]> {
    const keys = await this.objects.list(of === undefined ? LOCKS : `${LOCKS}${of.project}/${of.stack}/`);
    const locks = await Promise.all(keys.map((key) => this.lock(key)));
    return locks.filter((lock) => lock !== undefined);
  }

  removeLock(lock: Lock): Promise<void> {
    return this.objects.remove(keyOfLock(lock));
  }

  async storedState(id: StackId) {
    const key = await this.stateKey(id);
    return key === undefined ? undefined : this.objects.read(key);
  }

  async stacks(): Promise<readonly StackId[]> {
    const pattern = /^stacks\/([^/]+)\/([^/]+)\.json(?:\.gz|\.zst)?$/;
    return (await this.objects.list("stacks/")).flatMap((key) => {
      const [, project, stack] = pattern.exec(key) ?? [];
      return project === undefined || stack === undefined ? [] : [{ project, stack }];
    });
  }

  /** The text of a stack's state, decompressed. */
  async stateText(id: StackId): Promise<string | undefined> {
    const key = await this.stateKey(id);
    const content = key === undefined ? undefined : await this.objects.read(key);
    return key === undefined || content === undefined ? undefined : textOfState(key, content);
  }

  lockAdvice(): undefined {
    return undefined;
  }

  async reach(): Promise<void> {
    await this.objects.list(LOCKS);
  }

  private async lock(key: string): Promise<Lock | undefined> {
    const id = lockAt(key);
    if (id === undefined) return undefined;
    const end = Date.now() + WRITING_MS;
    for (;;) {
      const text = (await this.objects.read(key))?.toString("utf8");
      if (text === undefined) return undefined;
      const owner = ownerIn(text);
      if (owner !== undefined) return { ...id, owner };
      // One that was being written when its owner died stays as it is.
      if (Date.now() > end) return id;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async deployment(id: StackId): Promise<Deployment | undefined> {
    const text = await this.stateText(id);
    if (text === undefined) return undefined;
    try {
      return deploymentIn(text);
    } catch {
      throw new Failure(
        `the state of ${id.project}/${id.stack} in ${this.address} is no JSON: pulumi stack import takes a repaired one`,
      );
    }
  }

  private async stateKey({ project, stack }: StackId): Promise<string | undefined> {
    // Not by a list: it would hold every checkpoint that was retained beside the state.
    for (const ending of STATE_ENDINGS) {
      const key = `stacks/${project}/${stack}${ending}`;
      if (await this.objects.has(key)) return key;
    }
    return undefined;
  }
}
