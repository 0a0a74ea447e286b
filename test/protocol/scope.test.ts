import t from 'tap'
import { hasScopes, isScope } from '../../lib/protocol/scope.ts'

t.test('a scope consists of visible ASCII characters other than quotation marks and backslashes', async (t) => {
  for (const scope of ['a', 'notes:write', 'https://example.com/notes.read', '!', '#', '[', ']', '~']) {
    t.ok(isScope(scope), scope)
  }
  for (const scope of ['', ' ', 'a b', 'a\n', 'a"', 'a\\', '\u007f', 'é', undefined, null, 1, ['a']]) {
    t.notOk(isScope(scope), String(scope))
  }
})

t.test('a caller needs all the required scopes, and may have others', async (t) => {
  for (const needed of [[], ['a'], ['b', 'a']]) t.ok(hasScopes(needed, ['a', 'b', 'c']), needed.join())
  for (const scopes of [[], ['a'], ['A', 'B'], ['a b']]) t.notOk(hasScopes(['a', 'b'], scopes), scopes.join())
})
