// The contract of a ServerDefinition.
import { createContracts, createWait, type Contract, type ContractOptions } from './contract.ts'
import { clientChecks, mountChecks } from './definition-clients.ts'
import { answerChecks, refusalChecks } from './definition-replies.ts'
import { createStage } from './definition-stage.ts'
import type { DefinitionChecks, DefinitionSubject } from './definition-subject.ts'

/**
 * Returns the checks of a `ServerDefinition`.
 *
 * @param create Makes a definition, for each check.
 * @example for (const { name, run } of definitionContract(createMyDefinition)) test(name, run)
 */
export function definitionContract (
  create: () => Promise<DefinitionSubject> | DefinitionSubject, options: ContractOptions = {}
): readonly Contract[] {
  return createContracts(create, onStage({
    ...answerChecks(),
    ...refusalChecks(),
    ...clientChecks(createWait(options)),
    ...mountChecks()
  }))
}

type Check = (subject: DefinitionSubject) => Promise<void>

// Each check gets its own stage, which is cleared afterwards.
function onStage (checks: DefinitionChecks): Readonly<Record<string, Check>> {
  const staged = (check: DefinitionChecks[string]): Check => async (subject) => {
    const stage = await createStage(subject.definition)
    try {
      await check(subject, stage)
    } finally {
      await stage.end()
    }
  }
  return Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, staged(check)]))
}
