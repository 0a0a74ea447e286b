/**
 * An authorization server with sign-in at GitHub, Google, Entra or any provider of OpenID Connect.
 * @packageDocumentation
 */
export { authorizationServer } from './authorization-server.ts'
export { auth0, entra, google, keycloak, okta, workos } from './sign-in/presets.ts'
export { custom } from './sign-in/custom.ts'
export { github } from './sign-in/github.ts'
export { memoryStore } from './store.ts'
export { redisStore } from './redis-store.ts'
export { oidc } from './sign-in/oidc.ts'
export { SignInRefusedError } from './sign-in/sign-in.ts'
export type { AuthForOptions } from './verifier.ts'
export type { AuthorizationServer } from './authorization-server.ts'
export type { AuthorizationServerOptions, KnownClient, Lifetimes, UserClaims } from './options.ts'
export type { CustomSignInOptions } from './sign-in/custom.ts'
export type { GithubOptions } from './sign-in/github.ts'
export type { GithubUser } from './sign-in/github-api.ts'
export type { Identity, SignIn, SignInReturn, SignInStart, SignInStarted } from './sign-in/sign-in.ts'
export type { MemoryStoreOptions, OAuthStore } from './store.ts'
export type { OidcOptions, OidcUser } from './sign-in/oidc.ts'
export type { PresetOptions } from './sign-in/presets.ts'
export type { RedisCommands, RedisStoreOptions } from './redis-store.ts'
export type { RegistrationLimit } from './registration-limit.ts'
