/** What the commands know of the platform that a stack runs on: everything, and nothing beside it. */
import type { RunningService, Verification } from "../../components/app/outputs";
import type { Settings } from "../../components/settings/schema";
import type { MachineCheck } from "../../toolchain/describe";
import type { Difference } from "../drift/report";

/** Of a service: the platform's health checks. Of a job: how it ended. `-` has no check and runs, or waits. */
export type InstanceHealth = "healthy" | "starting" | "unhealthy" | "not running" | "done" | "failed" | "-";

/** One thing that runs or ran: a container, a pod, a task. */
export interface Instance {
  /** As the platform calls it. */
  readonly name: string;
  readonly service: string;
  /** The platform's own word: `running`, `exited (1)`. */
  readonly state: string;
  readonly health: InstanceHealth;
  /** What it was made from, as `repository@sha256:…`; empty where it does not say. */
  readonly image: string;
}

/** Something that a reset would destroy. */
export interface DataItem {
  readonly name: string;
  /** For people: `12.3 MB`, `gone already`. */
  readonly size: string;
}

export interface LogOptions {
  /** Go on with new lines until the command is interrupted. */
  readonly follow: boolean;
  /** How many of the last lines of each instance. */
  readonly lines: number;
}

/** The services of a stack's outputs: what the last update was to bring. */
export type Services = Readonly<Record<string, RunningService>>;

/** All of a stack that is asked of its platform. Every method may throw a Failure that says what to do. */
export interface Target {
  /**
   * Looks for what would make an update fail half-way.
   * @throws Failure with every problem, before anything of the stack is changed.
   */
  preflight(stack: string, settings: Settings): Promise<void>;
  /** Removes what an interrupted command made and could not write down; data never. */
  sweep(stack: string): Promise<void>;
  /** Whether something of the stack's state is gone or stopped, so that an update has to look at every resource first. */
  isDamaged(stack: string): Promise<boolean>;
  /** Everything of the stack that the platform knows, stopped things too, by name; empty where nothing was deployed. */
  instances(stack: string): Promise<readonly Instance[]>;
  /**
   * How what runs differs from what the stack says it runs, asked of the platform: by digest, never by a label.
   * @param told - names of what Pulumi's own refresh has told of: what is gone or stopped is not told twice.
   */
  differences(stack: string, services: Services, told: ReadonlySet<string>): Promise<readonly Difference[]>;
  /** Runs the deployment's own checks again. What the stack has recorded stays as it is. */
  verify(stack: string, services: Services): Promise<Verification>;
  /** Those of the images (`repository@sha256:…` by name) that the platform would have to pull. */
  absent(images: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  /** Writes a service's log to this process's output. */
  logs(stack: string, service: string, options: LogOptions): Promise<void>;
  /** Whether the platform has what the stack needs, for the doctor: everything, also where something is missing. */
  inspect(stack: string, settings: Settings): Promise<readonly MachineCheck[]>;
  /** Why an update of the stack has failed, as far as the platform knows more than the update has said; a line each. */
  explain(stack: string): Promise<readonly string[]>;
  /** What a reset would destroy besides what is in the stack's state. */
  data(stack: string): Promise<readonly DataItem[]>;
  /** What there is to say after a start, a line each: what the API's upstreams answer. */
  report(stack: string, settings: Settings): Promise<readonly string[]>;
}
