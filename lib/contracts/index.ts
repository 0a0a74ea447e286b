/**
 * Checks for your own server definition, cluster, store or bus, for any test runner.
 * @packageDocumentation
 */
export type { Contract, ContractOptions, Subject, TimedContractOptions } from './contract.ts'
export { clusterContract } from './cluster.ts'
export { clusterOutageContract } from './cluster-outage.ts'
export type { OutageSubject } from './cluster-outage.ts'
export { definitionContract } from './definition.ts'
export type { DefinitionSubject } from './definition-subject.ts'
export { eventStoreContract, sharedEventStoreContract } from './event-store.ts'
export type { CreateEventStores, EventStoreLimits, EventStoreSubject } from './event-subject.ts'
export type { ClusterSubject } from './nodes.ts'
export { notificationBusContract } from './notification-bus.ts'
export type { NotificationBusSubject } from './notification-bus.ts'
export { oauthStoreContract } from './oauth-store.ts'
export type { OAuthStoreSubject } from './oauth-store.ts'
export { sessionStoreContract } from './session-store.ts'
export type { SessionStoreSubject } from './session-subject.ts'
