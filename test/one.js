// npm run test:one -- FILE... [--watch] [options of tap, such as --only]: runs some test files, without coverage.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { prepare, ROOT, TAP } from './prepare.js'

const isWatching = process.argv.includes('--watch')
const args = process.argv.slice(2).filter((arg) => arg !== '--watch')

let running

async function run () {
  await prepare()
  running = spawn(process.execPath, [TAP, '--disable-coverage', ...args], { cwd: ROOT, stdio: 'inherit' })
  const [code] = await once(running, 'close')
  running = undefined
  return code
}

/** Calls a listener when a file of the project has changed. */
function onChange (listener) {
  const paths = ['lib', 'test', 'examples', 'docs', 'README.md']
  const files = execFileSync('git', ['ls-files', ...paths], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  let due
  for (const directory of new Set(files.map(dirname))) {
    // Editors write a file in several steps.
    watch(join(ROOT, directory), () => {
      clearTimeout(due)
      due = setTimeout(listener, 50)
    })
  }
}

if (isWatching) {
  let goOn = () => {}
  onChange(() => {
    running?.kill()
    goOn()
  })
  while (true) {
    const changed = new Promise((resolve) => { goOn = resolve })
    await run()
    await changed
  }
} else {
  process.exitCode = await run()
}
