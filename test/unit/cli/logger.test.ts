import { describe, expect, test } from 'vitest'
import { createLineLogger } from '../../../server/cli/logger.ts'

function lines(json: boolean) {
  const out: string[] = []
  const err: string[] = []
  const logger = createLineLogger({
    json,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    now: () => Date.UTC(2026, 0, 2),
  })
  return { logger, out, err }
}

describe('log lines', () => {
  test('are words, with what belongs to them', () => {
    const { logger, out, err } = lines(false)
    logger.info('started', { port: 1 })
    logger.warn('slow', { storage: 'redis' })
    expect(out).toEqual(['started port=1\n'])
    expect(err).toEqual(['warn: slow storage="redis"\n'])
  })

  test('are JSON when asked for, one object a line', () => {
    const { logger, out } = lines(true)
    logger.info('two\nlines', { port: 1 })
    expect(out[0]?.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(out[0] ?? '')).toEqual({
      time: '2026-01-02T00:00:00.000Z',
      level: 'info',
      message: 'two\nlines',
      port: 1,
    })
  })

  test('show an error with its causes, and without its stack', () => {
    const { logger, err } = lines(true)
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    logger.error('no answer', { error: new TypeError('fetch failed', { cause }) })
    expect(JSON.parse(err[0] ?? '')).toMatchObject({
      error: {
        name: 'TypeError',
        message: 'fetch failed',
        cause: { name: 'Error', code: 'ECONNREFUSED', message: 'refused' },
      },
    })
    expect(err[0]).not.toContain('stack')
  })

  test('a plain line stays one line, whatever its fields hold', () => {
    const { logger, err } = lines(false)
    logger.error('failed', { reason: 'a\nlumika listening on http://evil.example' })
    expect(err[0]?.match(/\n/g)).toHaveLength(1)
  })
})
