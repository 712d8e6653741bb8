/** The ledger of one environment: the releases that were verified there. It outlives the environment. */
import * as pulumi from "@pulumi/pulumi";
import { LEDGER_OUTPUT, LEDGER_PROJECT, parseEntry, readLedger, withEntry } from "../../components/image/ledger";

export = async (): Promise<Record<string, unknown>> => {
  // The stack reads what its own last update exported, so that the list grows by one entry an update.
  const own = new pulumi.StackReference(`${pulumi.getOrganization()}/${LEDGER_PROJECT}/${pulumi.getStack()}`);
  const earlier = readLedger((await own.getOutputDetails(LEDGER_OUTPUT)).value, pulumi.getStack());
  const entry = new pulumi.Config().get("entry") ?? "";
  return { [LEDGER_OUTPUT]: entry === "" ? earlier : withEntry(earlier, parseEntry(entry)) };
};
