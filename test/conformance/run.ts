// Runs the official conformance suites against examples/everything.ts. No scenario may fail but those of extensions.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const suiteTimeout = 5 * 60_000
const startTimeout = 30_000

const suites = [
  { name: '0.1.16 active', cli: 'conformance-stable', args: ['--suite', 'active'] },
  { name: 'alpha 2025-11-25', cli: 'conformance-alpha', args: ['--requirements', '2025-11-25'] },
  { name: 'alpha 2026-07-28', cli: 'conformance-alpha', args: ['--requirements', '2026-07-28'] }
]

interface Check { id: string, status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED', errorMessage?: string }
interface Scenario { name: string, passed: number, failed: number, checks: Check[] }
type Outcome = 'passed' | 'failed' | 'extension' | 'checked nothing'
interface Verdict { name: string, outcome: Outcome, problems: string[] }

if (!existsSync(join(here, 'node_modules'))) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] })
}

let passed = 0
let failed = 0

for (const suite of suites) {
  const server = await startServer()
  const outputDir = mkdtempSync(join(tmpdir(), 'conformance-'))
  try {
    const output = await runSuite([cliPath(suite.cli), 'server', '--url', server.url, ...suite.args, '-o', outputDir])
    const scenarios = readScenarios(output, outputDir)
    if (scenarios.length === 0) throw new Error(`${suite.name} printed no summary:\n${output}`)

    const extensions = readExtensions(output)
    const verdicts = scenarios.map((scenario) => judge(scenario, extensions))
    report(suite.name, verdicts)
    passed += verdicts.filter(({ outcome }) => outcome === 'passed').length
    failed += verdicts.filter(({ outcome }) => outcome === 'failed').length
  } finally {
    server.child.kill()
    rmSync(outputDir, { recursive: true })
  }
}

console.log(`conformance: ${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

function cliPath (name: string): string {
  return join(here, 'node_modules', name, 'dist/index.js')
}

async function startServer (): Promise<{ child: ChildProcess, url: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/everything.ts'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const timer = setTimeout(() => child.kill(), startTimeout)

  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[^\s"',]+\/mcp/.exec(line)?.[0]
    if (url === undefined) continue
    clearTimeout(timer)
    child.stdout.resume() // the log may go on; nobody reads it
    return { child, url }
  }
  throw new Error('examples/everything.ts ended before it printed its endpoint')
}

// Both versions of the suite need Node.js 22: the one installed beside them serves where an older one runs this file.
function runSuite (args: string[]): Promise<string> {
  const bundled = join(here, 'node_modules/node-22/bin/node')
  const node = Number.parseInt(process.versions.node) < 22 && existsSync(bundled) ? bundled : process.execPath

  return new Promise((resolve) => {
    execFile(node, args, { timeout: suiteTimeout, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

function readScenarios (output: string, outputDir: string): Scenario[] {
  const summary = output.slice(output.indexOf('=== SUMMARY ==='))
  const directories = readdirSync(outputDir)

  return [...summary.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed$/gm)].map(([, name = '', passed, failed]) => {
    // server-NAME-2026-07-28T10-11-12-123Z; absent where the scenario itself broke down
    const directory = directories.find((entry) => entry.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '') === `server-${name}`)
    const file = join(outputDir, directory ?? '', 'checks.json')
    const checks = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Check[] : []
    return { name, passed: Number(passed), failed: Number(failed), checks }
  })
}

/** Scenarios of optional protocol extensions, which the suite runs but does not score. */
function readExtensions (output: string): Set<string> {
  return new Set([...output.matchAll(/^ {2}[✓✗] (\S+) \(extension\)$/gm)].map(([, name = '']) => name))
}

function judge ({ name, passed, failed, checks }: Scenario, extensions: Set<string>): Verdict {
  if (extensions.has(name)) return { name, outcome: 'extension', problems: [] }

  const problems = checks.filter(({ status }) => status === 'FAILURE').map(({ id, errorMessage }) => `${name}:${id}: ${errorMessage ?? 'fails'}`)
  if (failed > 0 && problems.length === 0) problems.push(`${name}: breaks down`)
  if (problems.length > 0) return { name, outcome: 'failed', problems }
  return { name, outcome: passed > 0 ? 'passed' : 'checked nothing', problems }
}

function report (suite: string, verdicts: Verdict[]): void {
  const names = (outcome: Outcome): string[] => verdicts.filter((verdict) => verdict.outcome === outcome).map(({ name }) => name)
  const nothing = names('checked nothing')

  console.log(`${suite}: ${names('passed').length} passed, ${names('failed').length} failed, ` +
    `${names('extension').length} of extensions, ${nothing.length} checked nothing${nothing.length > 0 ? `: ${nothing.join(', ')}` : ''}`)
  for (const problem of verdicts.flatMap(({ problems }) => problems)) console.log(`  ${problem.replace(/\s+/g, ' ').slice(0, 300)}`)
}
