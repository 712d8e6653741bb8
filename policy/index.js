/**
 * The entry of the policy pack: starts its bundle, which is made here when the sources have changed. JavaScript, since
 * Pulumi has TypeScript's compiler check every TypeScript file of a pack at each start.
 */
"use strict";
// Spares a start what Pulumi's SDK loads to turn functions into text: a fifth of its time.
require("../toolchain/typescript");
const { packBundle } = require("./bundle");

require(packBundle()).start(require("node:path").resolve(__dirname, ".."));
