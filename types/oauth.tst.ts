import type { FastifyPluginAsync } from 'fastify'
import { expect, test } from 'tstyche'
import type {
  AuthInfo, CallerFilter, RevocationExtent, Revocations, TokenAuthOptions, UpstreamOptions, UpstreamToken
} from '../lib/index.ts'
import {
  authorizationServer, custom, englishTexts, entra, github, google, memoryStore, oidc,
  type AssertedClaims, type AuthorizationServer, type AuthorizationServerOptions, type GithubUser, type KnownClient,
  type OAuthStore, type OidcUser, type PageTexts, type SignIn
} from '../lib/oauth/index.ts'

const app = { clientId: 'id', clientSecret: 'secret' }
const base = { publicUrl: 'https://api.example.com', keys: ['a secret'] }

test('allow and claims get the user of the sign-in', () => {
  authorizationServer({
    ...base,
    signIn: github(app),
    allow: (user) => { expect(user).type.toBe<GithubUser>(); return true },
    claims: (user) => { expect(user).type.toBe<GithubUser>(); return { extra: { login: user.login } } }
  })
  authorizationServer({
    ...base, signIn: google(app), allow: (user) => { expect(user).type.toBe<OidcUser>(); return true }
  })
})

test('an assertion becomes a user of the sign-in', () => {
  const identityAssertions = [{ issuer: 'https://id.example.com', toUser: (claims: AssertedClaims) => claims }]

  expect(authorizationServer<OidcUser>).type.toBeCallableWith({ ...base, signIn: google(app), identityAssertions })
  expect(authorizationServer<GithubUser>).type.not.toBeCallableWith(
    { ...base, signIn: github(app), identityAssertions }
  )
})

test('a client in the options may act for itself', () => {
  expect<KnownClient>().type.toBeAssignableFrom({ clientId: 'a', clientSecret: 'b', ownScopes: ['c'] })
  expect<KnownClient>().type.toBeAssignableFrom({ clientId: 'a', jwks: { keys: [{}] }, redirectUris: ['https://b.c'] })
  expect<KnownClient>().type.not.toBeAssignableFrom({ clientId: 'a', ownScopes: 'c' })
})

test('a sign-in of the app has users of its own', () => {
  const signIn = custom({
    start: ({ callbackUrl, state }) => ({ url: `${callbackUrl}?${state}` }),
    finish: async () => ({ id: 7 }),
    identify: ({ id }) => ({ subject: String(id), label: 'a user' })
  })

  expect(signIn).type.toBe<SignIn<{ id: number }>>()
})

test('a sign-in of the app may keep tokens, and refresh them', () => {
  custom({
    start: () => ({ url: '/login' }),
    finish: ({ keepTokens }) => {
      expect(keepTokens).type.toBeCallableWith({ accessToken: 'a', refreshToken: 'b', expiresAt: 1, scope: 'repo' })
      expect(keepTokens).type.not.toBeCallableWith({ refreshToken: 'b' })
      return { id: 7 }
    },
    refresh: async (refreshToken) => {
      expect(refreshToken).type.toBe<string>()
      return { accessToken: 'a' }
    },
    identify: ({ id }) => ({ subject: String(id), label: 'a user' })
  })
})

test('handlers get the token of the identity provider, if the mount has sign-in', () => {
  expect<AuthInfo['upstream']>().type.toBe<((options?: UpstreamOptions) => Promise<UpstreamToken>) | undefined>()
  expect<UpstreamToken>().type.toBe<{
    readonly accessToken: string
    readonly tokenType: string
    readonly expiresAt?: number
    readonly scope?: string
  }>()
})

test('what a sign-in needs cannot be left out', () => {
  expect(github).type.not.toBeCallableWith({ clientId: 'id' })
  expect(entra).type.not.toBeCallableWith(app)
  expect(oidc).type.not.toBeCallableWith(app)
  expect<AuthorizationServerOptions<GithubUser>>().type.not.toBeAssignableFrom<{ publicUrl: string }>()
})

test('the server is a plugin, and has the option auth of mounts', () => {
  const login = authorizationServer({ ...base, signIn: google(app) })

  expect(login).type.toBe<AuthorizationServer>()
  expect(login).type.toBeAssignableTo<FastifyPluginAsync>()
  expect(login.auth).type.toBe<TokenAuthOptions>()
  expect(login.authFor).type.toBeCallableWith({ scopes: ['notes:read'] })
  expect(login.authFor).type.toBeCallableWith({ scopes: [], dpop: 'require' })
  expect(login.authFor).type.not.toBeCallableWith({ scopes: [], dpop: 'accept' })
  expect(login.authFor).type.not.toBeCallableWith({})
  expect(login.revoke({ subject: 'ann' })).type.toBe<Promise<void>>()
  expect(login.revoke).type.toBeCallableWith({ clientId: 'app' })
  expect(login.revoke).type.not.toBeCallableWith({})
})

test('texts of another language are complete', () => {
  const { allow: _allow, ...incomplete } = englishTexts
  expect<AuthorizationServerOptions<GithubUser>>().type.toBeAssignableFrom<
    { publicUrl: string, signIn: SignIn<GithubUser>, keys: string[], texts: { de: PageTexts } }>()
  expect(authorizationServer).type.not.toBeCallableWith({ ...base, signIn: google(app), texts: { de: incomplete } })
  expect(authorizationServer).type.not.toBeCallableWith({ ...base, signIn: google(app), consent: 'never' })
})

test('a store has four commands, and may count', () => {
  expect(memoryStore()).type.toBe<OAuthStore>()
  expect<OAuthStore>().type.not.toBeAssignableFrom<Omit<OAuthStore, 'add'>>()
  expect<OAuthStore>().type.toBeAssignableFrom<Omit<OAuthStore, 'count'>>()
})

test('a listener of revocations may ask what ends, and may ignore it', () => {
  expect<(callers: CallerFilter) => void>().type.toBeAssignableTo<Parameters<Revocations['onRevoked']>[0]>()
  expect<Parameters<Parameters<Revocations['onRevoked']>[0]>[1]>().type.toBe<RevocationExtent | undefined>()
  expect<RevocationExtent>().type.toBe<'all' | 'sign-in'>()
})
