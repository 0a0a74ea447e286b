// Proves that contracts find faults: a correct subject passes every check, and each check fails for a faulty one.
import type { Test } from 'tap'
import type { Contract } from '../../lib/contracts/index.ts'

/** Runs the checks, and returns the names of those that fail. */
export async function findBroken (contracts: readonly Contract[]): Promise<string[]> {
  const broken: string[] = []
  for (const { name, run } of contracts) await run().catch(() => { broken.push(name) })
  return broken
}

/**
 * Proves that each fault makes the named checks fail, and that each check fails for some fault.
 */
export async function proveFaults (
  t: Test,
  faults: Readonly<Record<string, readonly string[]>>,
  contractsOf: (fault: string | undefined) => readonly Contract[]
): Promise<void> {
  t.same(await findBroken(contractsOf(undefined)), [], 'a correct subject passes every check')
  const broken = new Set<string>()
  for (const [fault, names] of Object.entries(faults)) {
    const found = await findBroken(contractsOf(fault))
    t.same(
      names.filter((name) => !found.includes(name)),
      [],
      `if ${fault}, these fail: ${names.join('; ')}`
    )
    for (const name of names) broken.add(name)
  }
  t.same(
    contractsOf(undefined)
      .map(({ name }) => name)
      .filter((name) => !broken.has(name)),
    [],
    'every check fails for some fault'
  )
}
