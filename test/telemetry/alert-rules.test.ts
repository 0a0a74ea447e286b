// The alert rules of docs/assets: `promtool` checks them and raises each of them, where it is installed. Elsewhere they
// have at least what an alert needs.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const RULES = fileURLToPath(new URL('../../docs/assets/prometheus-rules.yaml', import.meta.url))
const TESTS = fileURLToPath(new URL('alerts.yaml', import.meta.url))
const [rules, tests] = [readFileSync(RULES, 'utf8'), readFileSync(TESTS, 'utf8')]
const alerts = [...rules.matchAll(/- alert: (\w+)\n([^]*?)(?=\n +- alert:|$)/g)]
  .map(([, name = '', body = '']) => ({ name, body }))

t.test('each alert has what an alert needs, and is raised by a test', async (t) => {
  for (const { name, body } of alerts) {
    t.match(body, /^ +expr: .+\n +for: \d+m\n +labels: \{ severity: \w+ \}\n +annotations:\n +summary: .+\n*$/, name)
    t.equal(tests.match(new RegExp(`alertname: ${name}\\b`, 'g'))?.length, 2, name)
  }
  t.equal(alerts.length, 4)
})

t.test('promtool accepts the rules, and raises the alerts of a mount in trouble', async (t) => {
  const run = (...args: string[]): object => {
    const { error, status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' })
    return error === undefined ? { status, output: status === 0 ? '' : stdout + stderr } : { error }
  }
  const isInstalled = !('error' in run('--version'))
  t.comment(isInstalled ? 'promtool is installed' : 'promtool is not installed, so its checks do not run')
  const expected = isInstalled ? { status: 0, output: '' } : { error: { code: 'ENOENT' } }

  t.match(run('check', 'rules', RULES), expected)
  t.match(run('test', 'rules', TESTS), expected)
})
