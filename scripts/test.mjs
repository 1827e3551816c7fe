/** `npm test`: everything that has to hold, ending in one line `N passed, N failed`. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ensureTools } from './tools.mjs'

/** @typedef {{ name: string, hasFailed: boolean, passed: number, failed: number }} TestFile */

const counts = { passed: 0, failed: 0 }
/** More broken files than this are no accident. */
const MOST_AGAIN = 4

const advice = ensureTools()
if (advice !== null) {
  process.stdout.write(`${advice}\n`)
  count(false)
} else {
  // Each of these keeps one core busy.
  const linted = step('lint', 'eslint/bin/eslint.js', ['.'])
  await step('types', 'typescript/bin/tsc', ['-p', '.'])
  await step('types of components', 'svelte-check/bin/svelte-check', ['--fail-on-warnings', '--output', 'human'])
  await step('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'])
  const isBuilt =
    (await step('build', 'vite/bin/vite.js', ['build', '--logLevel', 'warn'])) &&
    (await step('declarations', '../scripts/types.mjs', []))
  await linted
  // Without a build, the tests of the build would only repeat the news.
  await runTests(isBuilt ? [] : ['--project', 'node', '--project', 'dom'])
}

process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
process.exitCode = counts.failed === 0 ? 0 : 1

/**
 * One check that passes or fails as a whole.
 *
 * @param {string} title
 * @param {string} program a path below node_modules
 * @param {string[]} args
 * @returns {Promise<boolean>}
 */
async function step(title, program, args) {
  const started = Date.now()
  const { status, output } = await run(program, args, 'pipe')
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${title} (${seconds} s)\n`)
  if (status !== 0) process.stdout.write(`${output}\n`)
  return count(status === 0)
}

/**
 * All tests; and a few files once more from their beginning, alone, where they failed in a way that may be the machine's:
 * a test that is made once more by itself goes on in a browser that may be lost, or amid what it has left behind.
 *
 * @param {string[]} args
 */
async function runTests(args) {
  const first = await runVitest(args)
  if (!first) return
  const broken = first.files.filter(({ hasFailed }) => hasFailed)
  const isWorthIt = broken.length > 0 && broken.length <= MOST_AGAIN && broken.every(mayBeUnlucky)
  const again = isWorthIt ? broken : []
  if (isWorthIt) process.stdout.write(`Once more: ${again.map(({ name }) => name).join(', ')}\n`)
  const second = isWorthIt ? await runVitest(again.map(({ name }) => name)) : null
  const counted = second ? [...first.files.filter((file) => !again.includes(file)), ...second.files] : first.files
  for (const { passed, failed } of counted) {
    counts.passed += passed
    counts.failed += failed
  }
  // Vitest also fails over a file that does not load or an error outside of any test. No tests at all is no success.
  const last = second ?? first
  if (first.files.length === 0 || (last.status !== 0 && counted.every(({ failed }) => failed === 0))) count(false)
}

/**
 * Whether the tests of a file are made once more when they fail, as vite.config.ts says.
 *
 * @param {TestFile} file
 */
function mayBeUnlucky({ name }) {
  return !/^test\/(component|package)\//.test(name)
}

/**
 * @param {string[]} args
 * @returns {Promise<{ status: number | null, files: TestFile[] } | null>}
 */
async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'lumika-test-'))
  const report = join(folder, 'report.json')
  const reporters = ['--reporter', 'default', '--reporter', 'json', '--outputFile.json', report]
  const { status } = await run('vitest/vitest.mjs', ['run', ...reporters, ...args], 'inherit')
  try {
    /** @type {{ testResults: { name: string, status: string, assertionResults: { status: string }[] }[] }} */
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const files = testResults.map(({ name, status: outcome, assertionResults }) => ({
      name: relative(process.cwd(), name),
      hasFailed: outcome === 'failed',
      passed: assertionResults.filter((each) => each.status === 'passed').length,
      failed: assertionResults.filter((each) => each.status === 'failed').length,
    }))
    return { status, files }
  } catch {
    process.stdout.write('vitest ended without a report.\n')
    count(false)
    return null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {'pipe' | 'inherit'} stdio
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function run(program, args, stdio) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join('node_modules', program), ...args], { stdio: ['ignore', stdio, stdio] })
    let output = ''
    child.stdout?.on('data', (data) => (output += data.toString()))
    child.stderr?.on('data', (data) => (output += data.toString()))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
}

/** @param {boolean} isPassed */
function count(isPassed) {
  counts[isPassed ? 'passed' : 'failed']++
  return isPassed
}
