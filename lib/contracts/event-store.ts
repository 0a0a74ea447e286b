// The contracts of an EventStore and a SharedEventStore.
import type { EventStore, SharedEventStore } from '../store/event-store.ts'
import { createContracts, createWait, type Contract, type TimedContractOptions } from './contract.ts'
import { ageChecks, orderChecks, sizeChecks } from './event-checks.ts'
import { followChecks } from './event-following.ts'
import { MAX_BYTES, MAX_EVENTS, type CreateEventStores, type EventStoreSubject } from './event-subject.ts'

/**
 * Returns the checks of an {@link EventStore}.
 *
 * @param create Makes an empty store with limits, for each check.
 * @param options The time unit of the checks.
 * @example for (const { name, run } of eventStoreContract(createMyStores)) test(name, run)
 */
export function eventStoreContract (
  create: CreateEventStores<EventStore>, { unit = 10_000 }: TimedContractOptions = {}
): readonly Contract[] {
  return createContracts(withLimits(create, unit), { ...orderChecks(), ...sizeChecks(), ...ageChecks(unit) })
}

/**
 * Returns the checks of a {@link SharedEventStore}, with those of an {@link EventStore}.
 *
 * @param create Makes an empty store with limits, for each check.
 * @example for (const { name, run } of sharedEventStoreContract(createMyStores)) test(name, run)
 */
export function sharedEventStoreContract (
  create: CreateEventStores<SharedEventStore>, options: TimedContractOptions = {}
): readonly Contract[] {
  const { unit = 10_000 } = options
  const following = createContracts(withLimits(create, unit), followChecks(createWait(options)))
  return [...eventStoreContract(create, options), ...following]
}

function withLimits<Store extends EventStore> (
  create: CreateEventStores<Store>, maxAge: number
): () => Promise<EventStoreSubject<Store>> | EventStoreSubject<Store> {
  return () => create({ maxEvents: MAX_EVENTS, maxBytes: MAX_BYTES, maxAge })
}
