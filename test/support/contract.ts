// Runs contracts as tests.
import type { Test } from 'tap'
import type { Contract } from '../../lib/contracts/index.ts'

/** Runs contracts one after the other, each as a test. */
export async function runContracts (t: Test, contracts: readonly Contract[]): Promise<void> {
  for (const { name, run } of contracts) {
    await t.test(name, async (t) => {
      await run()
      t.pass('holds')
    })
  }
}
