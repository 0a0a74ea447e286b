import { readdirSync } from 'node:fs'
import t from 'tap'

const TIMEOUT = 300_000

/**
 * Runs the tests of a directory in one process. Loading tap, Fastify and lib/ takes a second and a half of CPU time,
 * and most of these files run for a tenth of that: a process for each of the 250 would add minutes.
 *
 * Files named `*.alone.test.ts` have processes of their own: they change which modules the process loads, or take so
 * long that they would hold up the others.
 */
export function runTogether (directory: string, isPart = (_name: string): boolean => true): void {
  const url = new URL(`./${directory}/`, import.meta.url)
  const names = readdirSync(url, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.alone.test.ts') && isPart(name))

  // All files together take longer on a busy machine than one file does.
  t.setTimeout(TIMEOUT)

  // tap ends when no test is left, which may be while the next file loads. The tests of the files wait for this one.
  t.test(`the tests of ${directory} are loaded`, async (test) => {
    for (const name of names) await import(new URL(name, url).href)
    // A file may have set less for itself.
    t.setTimeout(TIMEOUT)
    test.ok(names.length > 0)
  })
}
