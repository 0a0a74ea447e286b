// Runs the official conformance suites against the examples. No scenario may fail but those of extensions, and of an
// SDK v1 server those that want to be asked by a modern result. The same SDK server by the SDK's own transport shows
// what is the SDK's.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runAuthorizationSuite } from './authorization.ts'
import { startEverything, startFactory, startInstance, startSdkTransport, type Serving } from './servers.ts'
import { runSuite, type Outcome, type Suite, type Verdict } from './suite.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

const active: Suite = { name: '0.1.16 active', cli: 'conformance-stable', args: ['--suite', 'active'] }
const legacy: Suite = { name: 'alpha 2025-11-25', cli: 'conformance-alpha', args: ['--requirements', '2025-11-25'] }
const modern: Suite = { name: 'alpha 2026-07-28', cli: 'conformance-alpha', args: ['--requirements', '2026-07-28'] }

interface Target {
  readonly name: string
  readonly suites: readonly Suite[]
  readonly isSdk?: true
  readonly isOurs?: false
  start (): Promise<Serving>
}

const targets: readonly Target[] = [
  { name: 'native', suites: [active, legacy, modern], start: startEverything },
  { name: 'SDK instance', suites: [active, legacy, modern], start: startInstance, isSdk: true },
  { name: 'SDK factory', suites: [active, legacy, modern], start: startFactory, isSdk: true },
  { name: "SDK's own transport", suites: [active, legacy], start: startSdkTransport, isSdk: true, isOurs: false }
]

// Servers of the SDK v1 ask in the middle of a call, which 2026-07-28 does not have. So what is about results that ask
// does not apply to them.
const asksByResult = /^input-required-result-/

interface Run {
  readonly target: Target
  readonly suite: Suite
  readonly verdicts: readonly Verdict[]
  readonly inapplicable: readonly Verdict[]
}

if (!existsSync(join(here, 'node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: ['ignore', 'ignore', 'inherit']
  })
}

// The scenarios `auth/*` of the suite are for clients. It has two for authorization servers, and none for a mount with
// tokens or proofs.
const signIn = await runAuthorizationSuite('conformance-alpha')

const waiting = [...targets]
const runs: Run[] = []
await Promise.all([runWaiting(), runWaiting()])

const ours = runs.filter(({ target }) => target.isOurs !== false).flatMap(({ verdicts }) => verdicts)
const passed = count(ours, 'passed') + signIn.passed
const failed = count(ours, 'failed') + signIn.failed
for (const target of targets) {
  for (const run of runs) if (run.target === target) report(run)
}
console.log(`authorization server, alpha: ${signIn.passed} passed, ${signIn.failed} failed`)
if (signIn.passed < 2) console.log(signIn.output)
const lost = compare()
console.log(`conformance: ${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && lost === 0 && signIn.passed === 2 && passed > 2 ? 0 : 1

// The suites of one server run one after the other: what one of them changes there, the others would hear of.
async function runWaiting (): Promise<void> {
  for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
    const serving = await target.start()
    for (const suite of target.suites) runs.push(sift(target, suite, await runSuite(suite, serving.url)))
    await serving.close()
  }
}

function sift (target: Target, suite: Suite, all: readonly Verdict[]): Run {
  if (suite !== modern || target.isSdk !== true) return { target, suite, verdicts: all, inapplicable: [] }
  return {
    target,
    suite,
    verdicts: all.filter(({ name }) => !asksByResult.test(name)),
    inapplicable: all.filter(({ name }) => asksByResult.test(name))
  }
}

function count (verdicts: readonly Verdict[], outcome: Outcome): number {
  return verdicts.filter((verdict) => verdict.outcome === outcome).length
}

function report ({ target, suite, verdicts, inapplicable }: Run): void {
  const nothing = verdicts.filter(({ outcome }) => outcome === 'checked nothing').map(({ name }) => name)
  console.log(
    `${target.name}, ${suite.name}: ${count(verdicts, 'passed')} passed, ${count(verdicts, 'failed')} failed` +
      (inapplicable.length > 0 ? `, ${inapplicable.length} of asking by results not applicable` : '') +
      `, ${count(verdicts, 'extension')} of extensions, ${nothing.length} checked nothing${nothing.length > 0 ? `: ${nothing.join(', ')}` : ''}`
  )

  for (const { name, outcome, problems } of verdicts) {
    if (outcome === 'failed' && problems.length === 0) console.log(`  ${name}: breaks down`)
    for (const { check, message } of problems) {
      console.log(`  ${`${name}:${check}: ${message}`.replace(/\s+/g, ' ').slice(0, 300)}`)
    }
  }
}

// Reports how the SDK's servers fare here and by the SDK's own transport. Resolves to the number of scenarios that
// pass only there.
function compare (): number {
  const there = runs.filter(({ target }) => target.isOurs === false)
  const pairs = runs.filter(({ target }) => target.isSdk === true && target.isOurs !== false)
    .flatMap((here) => there.filter(({ suite }) => suite === here.suite).map((there) => ({ here, there })))

  return pairs.reduce((total, { here, there }) => {
    const [passesHere, passesThere] = [namesPassed(here), namesPassed(there)]
    const lost = passesThere.filter((name) => !passesHere.includes(name))
    const won = passesHere.filter((name) => !passesThere.includes(name))
    console.log(`${here.target.name} beside ${there.target.name}, ${here.suite.name}: ` +
      `passes ${passesHere.length} and ${passesThere.length}, only there ${list(lost)}, only here ${list(won)}`)
    return total + lost.length
  }, 0)
}

function namesPassed ({ verdicts }: Run): readonly string[] {
  return verdicts.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
}

function list (names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'none'
}
