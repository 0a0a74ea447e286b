import t from 'tap'
import { toUpstreamTokens } from '../../../lib/oauth/sign-in/token-response.ts'

t.test('the answer of a token endpoint becomes the tokens of a user', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const { expiresAt, ...tokens } = toUpstreamTokens({
    access_token: 'a', token_type: 'bearer', expires_in: 28_800, refresh_token: 'r', scope: 'read:org,read:user'
  })

  t.same(tokens, { accessToken: 'a', tokenType: 'Bearer', refreshToken: 'r', scope: 'read:org read:user' })
  t.ok(Number(expiresAt) >= before + 28_800 && Number(expiresAt) <= Date.now() / 1000 + 28_800)
})

t.test('what the answer does not say is left out, and the scheme of the API is kept', async (t) => {
  t.same(toUpstreamTokens({ access_token: 'a' }), { accessToken: 'a', tokenType: 'Bearer' })
  const other = toUpstreamTokens({ access_token: 'a', token_type: 'DPoP', scope: '' })
  t.same(other, { accessToken: 'a', tokenType: 'DPoP' })
})
