import t from 'tap'
import { isLogLevel, passesThreshold, type LogLevel } from '../../lib/protocol/log-level.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

t.test('the eight severities of syslog are levels, and nothing else is', async (t) => {
  t.ok(LEVELS.every(isLogLevel))
  for (const value of ['warn', 'fatal', 'Debug', '', 'constructor', 0, null, undefined, ['info']]) {
    t.notOk(isLogLevel(value))
  }
})

t.test('a message passes a threshold that is not above it', async (t) => {
  for (const [severity, level] of LEVELS.entries()) {
    t.strictSame(LEVELS.filter((threshold) => passesThreshold(level, threshold)), LEVELS.slice(0, severity + 1), level)
  }
})

t.test('without a threshold no message passes', async (t) => {
  t.notOk(LEVELS.some((level) => passesThreshold(level, undefined)))
})

t.test('an unknown level counts as the least severe', async (t) => {
  // A caller that does not use TypeScript may pass such a level.
  const unknown = 'warn' as LogLevel

  t.equal(passesThreshold(unknown, 'debug'), true)
  t.equal(passesThreshold(unknown, 'info'), false)
})
