// node look.mjs CHROMIUM PAGE PICTURE light|dark WIDTH KEY...: prints what axe-core objects to, how wide the page got, and
// which step has the focus after the keys; writes a picture.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [executablePath, file, picture, colorScheme, width, ...keys] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf-8');
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
const context = await browser.newContext({ colorScheme, viewport: { width: Number(width), height: 900 }, bypassCSP: true });
const page = await context.newPage();
const said = [];
page.on('console', (message) => said.push(message.text()));
page.on('pageerror', (error) => said.push(String(error)));
await page.goto(`file://${file}`);
for (const key of keys) await page.keyboard.press(key);
const focused = await page.evaluate(() => document.activeElement?.closest('[id]')?.id ?? '');
const open = await page.evaluate(() => [...document.querySelectorAll('details[open]')].map((each) => each.id));
await page.screenshot({ path: picture, fullPage: true });
await page.evaluate(axe);
const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }));
const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
console.log(JSON.stringify({
  violations: violations.map(({ id, nodes }) => `${id}: ${nodes[0].target} (${nodes.length})`), overflow, focused, open, said,
}));
await browser.close();
