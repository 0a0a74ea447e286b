/**
 * Connects official clients to a mount in tests, without a port.
 * @packageDocumentation
 */
export { createTestClient } from './testing/create-test-client.ts'
export type { ClientOf, ClientVersion } from './testing/client-type.ts'
export type { TestClientOptions } from './testing/client-options.ts'
export { injectFetch } from './testing/inject-fetch.ts'
export type { InjectFetch, InjectFetchOptions } from './testing/inject-fetch.ts'
export { RefusedError } from './testing/refused-error.ts'
