// node shoot.mjs FOLDER CHROMIUM NAME...: FOLDER/NAME.html becomes FOLDER/NAME.png. An error of a page ends it.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [folder, executablePath, ...names] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
for (const name of names) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => { console.error(String(error)); process.exit(1); });
  // No server: files of the folder, and the icons of Grafana's package where its components look for them.
  await page.route('**/*', (route) => {
    const wanted = new URL(route.request().url()).pathname.replace('/public/build/', '/node_modules/@grafana/ui/dist/public/');
    return existsSync(folder + wanted) ? route.fulfill({ path: folder + wanted }) : route.abort();
  });
  await page.goto(`http://dashboards.invalid/${name}.html`);
  await page.waitForSelector('#board');
  await page.waitForTimeout(1500);
  await (await page.$('#board')).screenshot({ path: `${folder}/${name}.png` });
}
await browser.close();
