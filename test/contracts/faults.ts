// Contracts are kept by what is right, and broken by what is not.
import type { Test } from 'tap'
import type { Contract } from '../../lib/contracts/index.ts'

/** The names of the contracts that do not hold. */
export async function findBroken (contracts: readonly Contract[]): Promise<string[]> {
  const broken: string[] = []
  for (const { name, run } of contracts) await run().catch(() => { broken.push(name) })
  return broken
}

/**
 * Proves that each fault breaks the contracts that it is said to break, and that each contract is broken by some fault.
 */
export async function proveFaults (
  t: Test,
  faults: Readonly<Record<string, readonly string[]>>,
  contractsOf: (fault: string | undefined) => readonly Contract[]
): Promise<void> {
  t.same(await findBroken(contractsOf(undefined)), [], 'what is right breaks none')
  const broken = new Set<string>()
  for (const [fault, names] of Object.entries(faults)) {
    const found = await findBroken(contractsOf(fault))
    t.same(
      names.filter((name) => !found.includes(name)),
      [],
      `${fault} breaks ${names.join('; ')}`
    )
    for (const name of names) broken.add(name)
  }
  t.same(
    contractsOf(undefined)
      .map(({ name }) => name)
      .filter((name) => !broken.has(name)),
    [],
    'none holds whatever is wrong'
  )
}
