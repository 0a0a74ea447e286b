// npm test: runs all tests and type tests, and checks the coverage. Arguments are those of tap.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { checkCoverage } from './check-coverage.js'
import { prepare, ROOT, TAP } from './prepare.js'

const TSTYCHE = createRequire(import.meta.url).resolve('tstyche/package.json').replace('package.json', 'build/bin.js')

// Many test files mostly wait for sockets and timers, so one for each core would leave the cores idle.
const JOBS = availableParallelism() + 2

await prepare()

// Type tests need one core for half a minute. Their output is printed once the other tests have ended.
const types = spawn(process.execPath, [TSTYCHE], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
const [typesEnded, typesOutput] = [once(types, 'close'), text(types.stdout)]

const args = [`--jobs=${process.env.TAP_JOBS ?? JOBS}`, '--coverage-report=json-summary', ...process.argv.slice(2)]
const tests = spawn(process.execPath, [TAP, ...args], { cwd: ROOT, stdio: 'inherit' })
const [testsCode] = await once(tests, 'close')
const [typesCode] = await typesEnded
process.stdout.write(await typesOutput)

if (testsCode !== 0 || typesCode !== 0) process.exitCode = 1
else checkCoverage()
