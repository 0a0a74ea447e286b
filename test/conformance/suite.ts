// Runs one of the official conformance suites against a server, and reads what it found.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const suiteTimeout = 5 * 60_000

/** A suite, and which of its scenarios are run. */
export interface Suite {
  readonly name: string
  readonly cli: string
  readonly args: readonly string[]
}

/**
 * How a scenario ended. `extension`: it belongs to an optional protocol extension, which the suite runs but does not
 * score.
 */
export type Outcome = 'passed' | 'failed' | 'extension' | 'checked nothing'

/** What a suite found of one scenario. */
export interface Verdict {
  readonly name: string
  readonly outcome: Outcome
  /** The checks that failed; empty where the scenario itself broke down. */
  readonly problems: readonly Problem[]
}

/** A check that failed. */
export interface Problem { readonly check: string, readonly message: string }

interface Check { id: string, status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED', errorMessage?: string }
interface Scenario { name: string, passed: number, failed: number, checks: Check[] }

/** Runs a suite against a server. @throws Error with all output when the suite itself breaks down. */
export async function runSuite ({ name, cli, args }: Suite, url: string): Promise<readonly Verdict[]> {
  const outputDir = mkdtempSync(join(tmpdir(), 'conformance-'))
  try {
    const output = await runCli(cli, [
      'server',
      '--url',
      url,
      ...args,
      '-o',
      outputDir
    ])
    const scenarios = readScenarios(output, outputDir)
    if (scenarios.length === 0) throw new Error(`${name} printed no summary:\n${output}`)

    const extensions = readExtensions(output)
    return scenarios.map((scenario) => judge(scenario, extensions))
  } finally {
    rmSync(outputDir, { recursive: true })
  }
}

/**
 * Finds the command of a suite. Both versions need Node.js 22: the one installed beside them serves where an older one
 * runs this file.
 */
export function findCli (name: string): { readonly node: string, readonly file: string } {
  const bundled = join(here, 'node_modules/node-22/bin/node')
  const node = Number.parseInt(process.versions.node) < 22 && existsSync(bundled) ? bundled : process.execPath
  return { node, file: join(here, 'node_modules', name, 'dist/index.js') }
}

function runCli (cli: string, args: string[]): Promise<string> {
  const { node, file } = findCli(cli)
  return new Promise((resolve) => {
    execFile(node, [file, ...args], { timeout: suiteTimeout, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) =>
      resolve(stdout + stderr)
    )
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

function readExtensions (output: string): Set<string> {
  return new Set([...output.matchAll(/^ {2}[✓✗] (\S+) \(extension\)$/gm)].map(([, name = '']) => name))
}

function judge ({ name, passed, failed, checks }: Scenario, extensions: Set<string>): Verdict {
  if (extensions.has(name)) return { name, outcome: 'extension', problems: [] }

  const problems = checks
    .filter(({ status }) => status === 'FAILURE')
    .map(({ id, errorMessage }) => ({ check: id, message: errorMessage ?? 'fails' }))
  if (failed > 0 || problems.length > 0) return { name, outcome: 'failed', problems }
  return { name, outcome: passed > 0 ? 'passed' : 'checked nothing', problems }
}
