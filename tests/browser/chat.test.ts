/** What a person does in the browser: signs in, asks, and sees the bridge's streamed answer. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Browser, Page } from "playwright-core";
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

describe("Open WebUI in the browser", () => {
  test("offers no sign-up, and refuses a wrong password", async () => {
    await page.goto(`http://localhost:${PORTS.web}/auth`);
    await page.locator("input[type=email]").fill("admin@ralex.example");
    await page.locator("input[type=password]").fill("wrong-password");
    await shot("sign-in");
    expect(await page.getByText("Sign up").count()).toBe(0);
    await page.locator("button[type=submit]").click();
    await page
      .getByText(/incorrect|invalid/i)
      .first()
      .waitFor();
  }, 120_000);

  test("signs the administrator in with the generated password", async () => {
    await page.locator("input[type=password]").fill(password);
    await page.locator("button[type=submit]").click();
    await page.locator("#chat-input").waitFor();
    await shot("signed-in");
  }, 120_000);

  test("shows the bridge's streamed answer to a message", async () => {
    // What is new in a version is shown over the page once.
    const dialog = page.getByRole("dialog").getByRole("button").last();
    if (await dialog.isVisible()) await dialog.click();
    await page.locator("#chat-input").click();
    await page.keyboard.type("hello from a real browser");
    await page.keyboard.press("Enter");
    await page.getByText("echo: hello from a real browser").waitFor();
    await shot("answer");
  }, 120_000);
});
