/** What a refresh makes of a resource's inputs. */
import { isValues, type Value, type Values } from "./wire";

/**
 * The inputs with the values that were read back. Only what the program said is looked at: neither a property that it
 * left out is added, nor a further item of a list; what is gone from the state is gone from the inputs.
 * Source: pulumi/pulumi-terraform-bridge, pkg/tfbridge/schema.go, ExtractInputsFromOutputs and extractInputs.
 */
export function readBack(inputs: Values, outputs: Values): Values {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) => {
      if (name.startsWith("__")) return [[name, value]];
      const now = outputs[name];
      return now === undefined ? [] : [[name, extracted(value, now)]];
    }),
  );
}

function extracted(old: Value, now: Value): Value {
  if (Array.isArray(old) && Array.isArray(now)) {
    return old.slice(0, now.length).map((item: Value, index) => extracted(item, now[index] as Value));
  }
  return isValues(old) && isValues(now) && !Array.isArray(old) && !Array.isArray(now) ? readBack(old, now) : now;
}
