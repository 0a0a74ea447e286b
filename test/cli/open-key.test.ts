import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { onOpenKey, openUrl } from '../../lib/cli/open-key.ts'
import { createTestTerminal } from './terminal.ts'

const URL = 'http://127.0.0.1:8000/explorer/'

t.test('o and Enter open the explorer, other lines nothing', async (t) => {
  const { terminal, stdin } = createTestTerminal({ isTTY: true })
  const opened: string[] = []
  const stop = onOpenKey(terminal, () => URL, (url) => { opened.push(url) })

  for (const line of ['x\n', 'o\n', 'open\n', 'o\r\n']) stdin.emit('data', Buffer.from(line))
  stop()
  stdin.emit('data', Buffer.from('o\n'))

  t.same(opened, [URL, URL])
})

t.test('o opens nothing while there is no explorer', async (t) => {
  const { terminal, stdin } = createTestTerminal({ isTTY: true })
  t.teardown(onOpenKey(terminal, () => undefined, () => { t.fail('opened') }))

  stdin.emit('data', Buffer.from('o\n'))
})

t.test('a URL is opened by the program of the platform, and a missing one is no failure', async (t) => {
  const folder = mkdtempSync(join(t.testdir(), 'bin-'))
  const { PATH } = process.env
  t.teardown(() => { process.env['PATH'] = PATH })
  for (const [platform, program, args] of [
    ['linux', 'xdg-open', URL], ['darwin', 'open', URL], ['win32', 'cmd', `/c start  ${URL}`]
  ] as const) {
    writeFileSync(join(folder, program), `#!/bin/sh\necho "$@" > ${folder}/${platform}.txt\n`, { mode: 0o755 })
    process.env['PATH'] = `${folder}:${PATH}`

    const child = openUrl(URL, platform)
    child.ref()
    const [code] = await once(child, 'exit')

    t.equal(code, 0)
    t.equal(readFileSync(join(folder, `${platform}.txt`), 'utf8'), `${args}\n`)
  }
  process.env['PATH'] = '/nowhere'
  const [error] = await once(openUrl(URL, 'linux'), 'error')
  t.equal(error.code, 'ENOENT')
})
