/** Releases of commits in a copy of the checkout, as `./ralex build` makes them. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { buildRelease, type BuiltRelease } from "../../../cli/build/release";
import { copyCheckout } from "../../support/stack";
import { releaseMachine } from "../../support/release";

export class Releases {
  private constructor(
    private readonly folder: string,
    /** Below the registry: what is pushed here is no release of the checkout. */
    private readonly prefix: string,
  ) {}

  static async create(folder: string): Promise<Releases> {
    await copyCheckout(folder);
    // Emulation and the base image for every platform are there before anything is measured.
    await releaseMachine(folder, "bench");
    return new Releases(folder, `bench/${crypto.randomBytes(4).toString("hex")}`);
  }

  /**
   * Builds and pushes the newest commit, and checks the push.
   * @param builder - address of another builder than the machine's.
   * @returns what was built, and the seconds that it took from the commit on.
   */
  async build(builder?: string): Promise<{ readonly built: BuiltRelease; readonly seconds: number }> {
    const began = performance.now();
    const built = await buildRelease(this.folder, () => releaseMachine(this.folder, this.prefix, builder));
    return { built, seconds: (performance.now() - began) / 1000 };
  }

  /** Commits a change of the bridge's code that no build has seen. */
  async changeCode(): Promise<void> {
    const file = path.join(this.folder, "images/ralex-api/ralex_bridge/__init__.py");
    fs.appendFileSync(file, `\nBENCHMARK = "${crypto.randomBytes(8).toString("hex")}"\n`);
    const author = ["-c", "user.name=bench", "-c", "user.email=bench@ralex.example"];
    await execa("git", ["-C", this.folder, ...author, "commit", "--quiet", "--all", "--message", "a change of code"]);
  }
}
