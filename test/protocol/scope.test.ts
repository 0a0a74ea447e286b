import t from 'tap'
import { hasScopes, isScope } from '../../lib/protocol/scope.ts'

t.test('a scope has one visible ASCII character or more, but no quotation mark and no backslash', async (t) => {
  for (const scope of ['a', 'notes:write', 'https://example.com/notes.read', '!', '#', '[', ']', '~']) t.ok(isScope(scope), scope)
  for (const scope of ['', ' ', 'a b', 'a\n', 'a"', 'a\\', '\u007f', 'é', undefined, null, 1, ['a']]) t.notOk(isScope(scope), String(scope))
})

t.test('a caller has to have all the scopes that are needed, whichever it has besides', async (t) => {
  for (const needed of [[], ['a'], ['b', 'a']]) t.ok(hasScopes(needed, ['a', 'b', 'c']), needed.join())
  for (const scopes of [[], ['a'], ['A', 'B'], ['a b']]) t.notOk(hasScopes(['a', 'b'], scopes), scopes.join())
})
