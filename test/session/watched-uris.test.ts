import t from 'tap'
import { topicOfResource } from '../../lib/protocol/change.ts'
import { WatchedUris } from '../../lib/session/watched-uris.ts'

t.test('all spellings of a URI are one, and the last is kept', async (t) => {
  const watched = new WatchedUris()

  watched.add('docs://café')
  watched.add('docs://caf%c3%a9')
  watched.add('not a URI')

  t.equal(watched.size, 2)
  t.ok(watched.has('DOCS://caf%C3%A9'))
  t.notOk(watched.has('docs://cafe'))
  t.equal(watched.spellingOf(topicOfResource('docs://café')), 'docs://caf%c3%a9')
  t.equal(watched.spellingOf(topicOfResource('docs://cafe')), undefined)
  t.strictSame([...watched], ['docs://caf%c3%a9', 'not a URI'])

  watched.delete('docs://café')
  t.strictSame([...watched], ['not a URI'])
})
