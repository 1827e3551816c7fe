import { expect, it } from 'vitest'
import { browserOf } from '../../../server/routes/browser.ts'

const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const iPhone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)'
const android = 'Mozilla/5.0 (Linux; Android 10; K)'
const kit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const ios = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

it.each([
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0`, 'Firefox 140 on Windows'],
  [`Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0`, 'Firefox 140 on Android'],
  [`${iPhone} ${ios} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`, 'Firefox 140 on iOS'],
  [`${windows} ${kit} Chrome/138.0.0.0 Safari/537.36`, 'Chrome 138 on Windows'],
  [`${mac} ${kit} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0`, 'Edge 138 on macOS'],
  [`${windows} ${kit} Chrome/134.0.0.0 Safari/537.36 OPR/119.0.0.0`, 'Opera 119 on Windows'],
  [`${android} ${kit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 'Samsung Internet 28 on Android'],
  [`${iPhone} ${ios} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1`, 'Chrome 138 on iOS'],
  [`${iPhone} ${ios} Version/18.5 Mobile/15E148 Safari/604.1`, 'Safari 18 on iOS'],
  [`${mac} ${ios} Version/18.5 Safari/605.1.15`, 'Safari 18 on macOS'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${kit} Chrome/138.0.0.0 Safari/537.36`, 'Chrome 138 on ChromeOS'],
  [`Mozilla/5.0 (X11; Linux x86_64) ${kit} HeadlessChrome/138.0.0.0 Safari/537.36`, 'Chrome 138 on Linux'],
  // An app that shows pages.
  [`${iPhone} ${ios} Mobile/15E148`, 'iOS'],
  ['Mozilla/5.0 (PlayStation; PlayStation 5/2.26) Gecko Chrome/99', 'Chrome 99'],
  ['curl/8.14.1', null],
  ['node', null],
  ['', null],
  [null, null],
  ['Linux <script>', null],
  // Beyond what is looked at.
  [`${'x'.repeat(600)} ${windows} Firefox/140.0`, null],
  [`${'Version/1 '.repeat(60)}`, null],
])('%s: %s', (userAgent, browser) => {
  expect(browserOf(userAgent)).toBe(browser)
})
