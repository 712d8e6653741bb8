/** A bound on how many pieces of work run at the same time in this process. */

interface Waiting {
  readonly weight: number;
  readonly go: () => void;
}

/** So many at once; of those that wait, the heaviest goes first, since what is long must not begin last. */
export class Slots {
  private readonly waiting: Waiting[] = [];

  constructor(private free: number) {}

  async run<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((go) => this.waiting.push({ weight, go }));
    try {
      return await work();
    } finally {
      const heaviest = [...this.waiting].sort((a, b) => b.weight - a.weight)[0];
      // A slot is handed on rather than freed, so that nobody who comes later takes it.
      if (heaviest === undefined) this.free += 1;
      else this.waiting.splice(this.waiting.indexOf(heaviest), 1)[0]?.go();
    }
  }
}
