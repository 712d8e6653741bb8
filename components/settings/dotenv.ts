import * as fs from "node:fs";
import * as path from "node:path";
import * as dotenv from "dotenv";

/** The `.env` of a checkout, or nothing where there is none. */
export function readDotenv(checkout: string): Record<string, string> {
  const file = path.join(checkout, ".env");
  return fs.existsSync(file) ? dotenv.parse(fs.readFileSync(file)) : {};
}
