// The contract of a SessionStore.
import { createContracts, type Contract, type TimedContractOptions } from './contract.ts'
import { changeChecks, connectionChecks } from './session-changes.ts'
import { endChecks, lifeChecks, listChecks, recordChecks, touchChecks } from './session-life.ts'
import { displacementChecks, displacementLimitChecks, placeChecks, shareChecks } from './session-limits.ts'
import type { SessionStoreSubject } from './session-subject.ts'

/**
 * Returns the checks of a `SessionStore`.
 *
 * @param create Makes an empty store, for each check.
 * @param options The time unit of the checks.
 * @example for (const { name, run } of sessionStoreContract(createMyStores)) test(name, run)
 */
export function sessionStoreContract (
  create: () => Promise<SessionStoreSubject> | SessionStoreSubject, { unit = 10_000 }: TimedContractOptions = {}
): readonly Contract[] {
  return createContracts(create, {
    ...recordChecks(unit),
    ...lifeChecks(unit),
    ...touchChecks(unit),
    ...endChecks(unit),
    ...listChecks(unit),
    ...changeChecks(unit),
    ...connectionChecks(unit),
    ...placeChecks(unit),
    ...shareChecks(unit),
    ...displacementChecks(unit),
    ...displacementLimitChecks(unit)
  })
}
