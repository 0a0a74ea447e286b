import t from 'tap'
import { authOption } from '../../lib/auth/auth-options.ts'
import type { McpMountOptions } from '../../lib/http/mount-options.ts'
import { resolveOptions } from '../../lib/http/resolve-options.ts'
import { createServer } from '../support/app.ts'

const token = { verify: () => null, authorizationServers: ['https://auth.example.com'] }
const host = { authenticate: () => null }
const EITHER = "needs either 'verify', for access tokens, or 'authenticate', if the app already knows its callers"
const SCOPES = "must be an array of scopes, such as ['notes:read']"
const URL_ADVICE = "must be an absolute URL, such as 'https://auth.example.com'"
const URLS = "must be an array of URLs, such as ['https://auth.example.com']"

t.test('auth needs a verifier and its authorization servers, or an authenticate function', async (t) => {
  for (const right of [token, host, { ...host, requiredScopes: ['a'], timeout: 0 }, {
    ...token,
    requiredScopes: ['notes:read'],
    scopesSupported: [],
    resourceName: 'Notes',
    resourceDocumentation: 'https://example.com',
    resourcePolicyUri: undefined,
    resourceTosUri: 'http://localhost/terms',
    wellKnownAlias: true,
    timeout: 1000,
    maxTokenLength: 100
  }]) t.equal(authOption.check(right), undefined)
})

t.test('an invalid option is refused by name', async (t) => {
  for (const [value, problem] of [
    [true, "must be an object with 'verify' or 'authenticate'"],
    [null, "must be an object with 'verify' or 'authenticate'"],
    [{}, EITHER],
    [{ ...token, ...host }, EITHER],
    [{ ...token, verify: 'jwt' }, "has a 'verify' that must be a function"],
    [{ ...host, authenticate: undefined }, "has an 'authenticate' that must be a function"],
    [{ verify: () => null }, `has an 'authorizationServers' that ${URLS}`],
    [{ ...token, authorizationServers: [] }, `has an 'authorizationServers' that ${URLS}`],
    [{ ...token, authorizationServers: ['auth.example.com'] }, `has an 'authorizationServers' that ${URLS}`],
    [{ ...token, requiredScopes: 'read' }, `has a 'requiredScopes' that ${SCOPES}`],
    [{ ...token, requiredScopes: ['read write'] }, `has a 'requiredScopes' that ${SCOPES}`],
    [{ ...token, scopesSupported: ['"'] }, `has a 'scopesSupported' that ${SCOPES}`],
    [{ ...token, resourceName: '' }, "has a 'resourceName' that must be a string that is not empty"],
    [{ ...token, resourceTosUri: 'terms' }, `has a 'resourceTosUri' that ${URL_ADVICE}`],
    [{ ...token, wellKnownAlias: 1 }, "has a 'wellKnownAlias' that must be true or false"],
    [{ ...token, maxTokenLength: 0 }, "has a 'maxTokenLength' that must be a whole number above 0"],
    [
      { ...host, timeout: -1 },
      "has a 'timeout' that must be a whole number of milliseconds from 0 (none) to 2147483647"
    ],
    [
      { ...host, resourceName: 'Notes' },
      "has a 'resourceName' that does not exist; the options are authenticate, challenge, requiredScopes, timeout, " +
        'revocations'
    ],
    ...['', ' Basic', 'Basic\r\nx: y', 'Größe', 1].map(
      (challenge) =>
        [
          { ...host, challenge },
          "has a 'challenge' that must be a string of visible ASCII characters, with spaces between them at most"
        ] as const
    ),
    [
      { ...token, scopes: [] },
      /^has a 'scopes' that does not exist; the options are verify, authorizationServers, requiredScopes, /
    ]
  ] as const) {
    const found = authOption.check(value)
    if (typeof problem === 'string') t.equal(found, problem)
    else t.match(found, problem)
  }
})

t.test('a verifier needs the public URL for which tokens are issued', async (t) => {
  const server = createServer()
  const missing =
    "option 'auth' needs 'publicUrl', the URL of this app that tokens are issued for, such as 'https://api.example.com'"

  t.throws(() => resolveOptions({ server, auth: token }), { code: 'MCP_ERR_INVALID_OPTION', message: missing })
  t.throws(() => resolveOptions({ server, auth: {} } as unknown as McpMountOptions), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: `option 'auth' ${EITHER}`
  })
  t.doesNotThrow(() => resolveOptions({ server, auth: host }))
  const { auth } = resolveOptions({ server, publicUrl: 'https://api.example.com', auth: token })
  t.same(auth, { ...token, requiredScopes: [], timeout: 10_000, wellKnownAlias: false, maxTokenLength: 16_384 })
  t.ok(Object.isFrozen(auth))
  t.notOk(Object.isFrozen(token))
})
