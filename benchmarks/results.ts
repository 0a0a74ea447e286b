// Reads and writes results.json, the results of the latest runs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { Row, RunSettings } from './scenario.ts'

/** The machine of a measurement. Results are comparable only if it is the same. */
export interface Machine { readonly cpu: string, readonly cores: number, readonly node: string }

/** The results of one scenario. */
export interface ScenarioResult {
  readonly name: string
  /** The day, as YYYY-MM-DD. */
  readonly date: string
  readonly rounds: number
  readonly duration: number
  readonly rows: readonly Row[]
}

/** All results, of one machine. */
export interface Results { readonly machine: Machine, readonly scenarios: readonly ScenarioResult[] }

/** This machine. */
export function describeMachine (): Machine {
  const processors = cpus()
  return { cpu: processors[0]?.model.trim() ?? 'unknown', cores: processors.length, node: process.version }
}

/** Reads the stored results; undefined if there are none. */
export function readResults (file: string): Results | undefined {
  // Only writeResults writes it.
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Results : undefined
}

export function writeResults (file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
}

/** The result of a run of a scenario. */
export function createResult (name: string, rows: readonly Row[], { rounds, duration }: RunSettings): ScenarioResult {
  return { name, date: new Date().toISOString().slice(0, 10), rounds, duration, rows }
}

/**
 * Replaces an earlier result.
 * @param names All scenarios, in the order of the tables; results of others are dropped, as are those of another
 * machine.
 */
export function addResult (
  results: Results | undefined, machine: Machine, result: ScenarioResult, names: readonly string[]
): Results {
  const earlier = JSON.stringify(results?.machine) === JSON.stringify(machine) ? results?.scenarios ?? [] : []
  const byName = new Map([...earlier, result].map((scenario) => [scenario.name, scenario]))
  return { machine, scenarios: names.flatMap((name) => byName.get(name) ?? []) }
}
