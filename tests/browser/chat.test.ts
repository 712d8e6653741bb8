/** What a person does in the browser: signs in, asks, and sees the bridge's streamed answer. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Browser, Page } from "playwright-core";
import { askInBrowser, refuseStranger, signIn } from "../support/acceptance";
import { launchBrowser } from "../support/chromium";
import { CHECKOUT, PORTS, testStack } from "../support/stack";

const stack = testStack();
const ARTEFACTS = path.join(CHECKOUT, ".ralex", "artefacts");

let browser: Browser;
let page: Page;
let password: string;

beforeAll(async () => {
  await stack.ready();
  password = await stack.output("adminPassword");
  fs.mkdirSync(ARTEFACTS, { recursive: true });
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(30_000);
}, 900_000);

afterAll(async () => {
  await browser?.close();
});

const shot = (name: string) => page.screenshot({ path: path.join(ARTEFACTS, `${name}.png`) });

const WEB = `http://localhost:${PORTS.web}`;

describe("Open WebUI in the browser", () => {
  test("offers no sign-up, and refuses a wrong password", async () => {
    await refuseStranger(page, WEB);
    await shot("sign-in");
  }, 120_000);

  test("signs the administrator in with the generated password", async () => {
    await signIn(page, password);
    await shot("signed-in");
  }, 120_000);

  test("shows the bridge's streamed answer to a message", async () => {
    await askInBrowser(page, WEB, "hello from a real browser");
    await shot("answer");
  }, 120_000);
});
