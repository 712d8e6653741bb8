import { Failure } from "../failure";

/** That a stack has no such service. @param known - of what runs, as often as it runs. */
export function unknownService(stack: string, service: string, known: readonly (string | undefined)[]): Failure {
  const names = [...new Set(known)].sort().join(", ");
  return new Failure(`${stack} has no service ${service}; ${names === "" ? "it is not running" : `it has ${names}`}`);
}
