import t from 'tap'
import { loadPeer } from '../../lib/oauth/peers.ts'

t.test('a peer that is not installed is named, with what needs it', async (t) => {
  const missing = 'a-package-that-is-not-installed' as 'oidc-provider'

  await t.rejects(loadPeer(missing, 'authorizationServer()'), {
    code: 'MCP_ERR_MISSING_PACKAGE',
    message: "'a-package-that-is-not-installed' is not installed, which authorizationServer() needs; " +
      'install it beside this package'
  })
})
