import t from 'tap'
import { findMeant } from '../lib/did-you-mean.ts'

const KNOWN = ['server', 'path', 'allowedHosts', 'auth', 'maxSessions', 'sessionIdleTimeout']

t.test('the suggestion is the known name that differs by a typing error', async (t) => {
  for (const [name, meant] of [
    ['allowdHosts', 'allowedHosts'],
    ['ALLOWEDHOSTS', 'allowedHosts'],
    ['sever', 'server'],
    ['paths', 'path'],
    ['aut', 'auth']
  ] as const) {
    t.equal(findMeant(name, KNOWN), meant)
  }
})

t.test('without a typing error, the suggestion is the known name that shares the most words', async (t) => {
  for (const [name, meant] of [
    ['authorize', 'auth'],
    ['maxConnections', 'maxSessions'],
    ['sessionTimeout', 'sessionIdleTimeout'],
    ['host', 'allowedHosts']
  ] as const) {
    t.equal(findMeant(name, KNOWN), meant)
  }
})

t.test('a name that resembles no known name gets no suggestion', async (t) => {
  for (const name of ['database', 'env', '', 'x', 'toString', 'au']) t.equal(findMeant(name, KNOWN), undefined, name)
})
