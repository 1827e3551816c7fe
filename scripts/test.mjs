/** `npm test`: everything that has to hold, ending in one line `N passed, N failed`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureTools } from './tools.mjs'

const counts = { passed: 0, failed: 0 }

const advice = ensureTools()
if (advice !== null) {
  process.stdout.write(`${advice}\n`)
  count(false)
} else {
  step('lint', 'eslint/bin/eslint.js', ['.'])
  step('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'])
  step('types', 'typescript/bin/tsc', ['-p', '.'])
  step('types of components', 'svelte-check/bin/svelte-check', ['--fail-on-warnings', '--output', 'human'])
  const isBuilt =
    step('build', 'vite/bin/vite.js', ['build', '--logLevel', 'warn']) &&
    step('declarations', '../scripts/types.mjs', [])
  // Without a build, the tests of the build would only repeat the news.
  runVitest(isBuilt ? [] : ['--project', 'node', '--project', 'dom'])
}

process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
process.exitCode = counts.failed === 0 ? 0 : 1

/**
 * One check that passes or fails as a whole.
 *
 * @param {string} title
 * @param {string} program a path below node_modules
 * @param {string[]} args
 * @returns {boolean}
 */
function step(title, program, args) {
  const started = Date.now()
  const { status, stdout, stderr } = run(program, args, 'pipe')
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${title} (${seconds} s)\n`)
  if (status !== 0) process.stdout.write(`${stdout}${stderr}\n`)
  return count(status === 0)
}

/** @param {string[]} args */
function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter', 'default', '--reporter', 'json', '--outputFile.json', report]
  const { status } = run('vitest/vitest.mjs', ['run', ...reporters, ...args], 'inherit')
  try {
    const { numPassedTests, numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'))
    counts.passed += numPassedTests
    counts.failed += numFailedTests
    // Vitest also fails over a file that does not load or an error outside of any test. No tests at all is no success.
    if (numTotalTests === 0 || (status !== 0 && numFailedTests === 0)) count(false)
  } catch {
    process.stdout.write('vitest ended without a report.\n')
    count(false)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {'pipe' | 'inherit'} stdio
 */
function run(program, args, stdio) {
  const options = /** @type {const} */ ({ encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return spawnSync(process.execPath, [join('node_modules', program), ...args], { ...options, stdio })
}

/** @param {boolean} isPassed */
function count(isPassed) {
  counts[isPassed ? 'passed' : 'failed']++
  return isPassed
}
