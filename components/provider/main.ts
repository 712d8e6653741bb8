import { main } from "@pulumi/pulumi/provider";
import { followParent } from "./process";
import { RalexProvider } from "./provider";

void main(new RalexProvider(), process.argv.slice(2)).then(followParent);
