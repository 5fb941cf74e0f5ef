// Looks at the pages of `crosswalk serve` in headless Chromium: wide and narrow, light and dark. Where CROSSWALK_PICTURES names a
// folder, the pictures are kept there.
//
// Environment: CROSSWALK_URL, CROSSWALK_KEY, CROSSWALK_HOME (the folder with connections/), CHROMIUM.

import assert from "node:assert/strict";
import { writeFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const { CROSSWALK_URL, CROSSWALK_KEY, CROSSWALK_HOME, CROSSWALK_PICTURES, CHROMIUM = "/usr/bin/chromium" } = process.env;
const root = new URL("/", CROSSWALK_URL).href;
const looks = [1200, 390].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ width, colorScheme })));
let browser;

before(async () => {
  const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", ...quiet] });
});
after(() => browser.close());

/** A page that fails the test when it complains, asks elsewhere, or is wider than its window. */
async function open(path, { width, colorScheme }, use) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => request.url().startsWith("data:") || request.url().startsWith(root) || complaints.push(request.url()));
  try {
    await page.goto(root + path);
    await use(page);
    if (CROSSWALK_PICTURES) {
      await page.screenshot({ path: join(CROSSWALK_PICTURES, `${path || "status"}-${width}-${colorScheme}.png`), fullPage: true });
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "wider than the window");
    assert.deepEqual(complaints, []);
  } finally {
    await page.close();
  }
}

async function show(page) {
  await page.fill("input[name=key]", CROSSWALK_KEY);
  await page.click("button");
  await page.waitForSelector("[data-connection=sandbox]");
}

for (const look of looks) {
  const name = `${look.width} wide, ${look.colorScheme}`;
  test(`the status page, ${name}`, () => open("", look, async (page) => {
    await show(page);
    const card = page.locator("[data-connection=sandbox]");
    await card.getByText("well").waitFor();
    assert.equal(await card.locator("tbody tr").count(), 5);
  }));
  test(`the page of the API, ${name}`, () => open("docs", look, async (page) => {
    const row = page.locator("details#get_candidates");
    await row.locator("summary").click();
    await row.getByText("updated_after").first().waitFor();
  }));
}

test("a wrong key shows nothing", async () => {
  const page = await browser.newPage();
  await page.goto(root);
  await page.fill("input[name=key]", "cwk_wrong_key");
  await page.click("button");
  await page.getByText("This key is not known.").waitFor();
  assert.equal(await page.locator("[data-connection]").count(), 0);
  await page.close();
});

test("a broken edit is shown with its place as soon as it is saved, and gone when it is", () => open("", looks[0], async (page) => {
  await show(page);
  const path = join(CROSSWALK_HOME, "connections", "broken.yaml");
  await writeFile(path, "connector: carerix\nsandbox: { seed: 3 }\nsettings: { tenat: x }\n");
  const card = page.locator("[data-connection=broken]");
  await card.getByText("did you mean `tenant`?").waitFor();
  await rm(path);
  await card.waitFor({ state: "detached" });
}));
