/** A backend that is read through Pulumi alone: Pulumi Cloud, and buckets whose locks are not looked at. */
import { commandLine } from "../../components/command-line";
import { Failure } from "../failure";
import type { Backend, StackId } from "./backend";
import type { Deployment } from "./checkpoint";

/** Runs Pulumi and returns what it prints. */
export type Ask = (args: readonly string[]) => Promise<string>;

/** What Pulumi prints where no organization was chosen. */
const NO_ORGANIZATION = "No Default Org Specified";

abstract class AskedBackend implements Backend {
  readonly isReadHere = false;

  constructor(
    readonly address: string,
    protected readonly ask: Ask,
  ) {}

  abstract organization(): Promise<string>;

  locks(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  removeLock(): Promise<never> {
    return Promise.reject(new Failure(`locks of ${this.address} are Pulumi's own: pulumi cancel removes them`));
  }

  /** Of what another machine has done since nothing is known without asking for all of it. */
  storedState(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  stacks(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  abstract lockAdvice(name: string): string | undefined;

  async reach(): Promise<void> {
    await this.ask(["whoami"]);
  }

  async deployment({ project, stack }: StackId): Promise<Deployment | undefined> {
    const name = `${await this.organization()}/${project}/${stack}`;
    try {
      const text = await this.ask(["stack", "export", "--stack", name]);
      return (JSON.parse(text) as { deployment?: Deployment | null }).deployment ?? {};
    } catch (error) {
      if (error instanceof Failure && /no stack named|not found/.test(error.message)) return undefined;
      throw error;
    }
  }
}

/** `gs://` and `azblob://`. Their libraries would weigh 20 MB each for what `pulumi cancel` does by hand. */
export class BucketBackend extends AskedBackend {
  organization(): Promise<string> {
    return Promise.resolve("organization");
  }

  lockAdvice(name: string): string {
    return (
      `If it says that the stack is locked: locks in ${this.address} are not looked at here. Wait until the process that is ` +
      "named with the lock is done. If that process is gone, and nobody else works on the stack, " +
      `${commandLine("pulumi", "cancel", "--yes", "--stack", name)} removes all its locks, also one of a process that lives`
    );
  }
}

/** Pulumi Cloud, and servers of your own that speak as it does. A lock there is the service's, and ends by itself. */
export class ServiceBackend extends AskedBackend {
  private name: Promise<string> | undefined;

  lockAdvice(name: string): string {
    return (
      "If it says that another update is in progress: wait until that is done. One whose process died ends by itself " +
      `within minutes; ${commandLine("pulumi", "cancel", "--yes", "--stack", name)} ends it at once`
    );
  }

  /** The organization that was chosen, by `PULUMI_DEFAULT_ORGANIZATION` too, or else the user's own. */
  organization(): Promise<string> {
    return (this.name ??= this.askOrganization());
  }

  private async askOrganization(): Promise<string> {
    const chosen = (await this.ask(["org", "get-default"])).trim();
    if (chosen !== "" && chosen !== NO_ORGANIZATION) return chosen;
    return (await this.ask(["whoami"])).trim();
  }
}
