import t from 'tap'
import { createMessagesUrl } from '../../../lib/http/sse-2024/url.ts'

t.test('the end of the requested path is replaced by the path for messages', async (t) => {
  const urls: ReadonlyArray<readonly [ssePath: string, messagesPath: string, asked: string, expected: string]> = [
    ['/sse', '/messages', '/sse', '/messages'],
    ['/sse', '/messages', '/notes/sse/', '/notes/messages'],
    ['/sse', '/messages/', '/notes/sse?a=/b?c#d', '/notes/messages'],
    ['/a/b', '/c', '/notes/a/b', '/notes/c'],
    ['/', '/in', '/', '/in'],
    ['/', '/in', '/notes/', '/notes/in'],
    ['/sse', '/', '/notes/sse', '/notes'],
    ['/sse', '/messages', '/b%20c/%73se', '/b%20c/messages'],
    ['/sse', '/messages', 'http://api.example.com/notes/sse', '/notes/messages']
  ]

  for (const [ssePath, messagesPath, asked, expected] of urls) {
    t.equal(createMessagesUrl({ ssePath, messagesPath, publicPath: '' })(asked, 'id'), `${expected}?sessionId=id`)
  }
})

t.test('the path that a proxy removes is added again', async (t) => {
  for (const publicPath of ['/ai', '/ai/']) {
    t.equal(
      createMessagesUrl({ ssePath: '/sse', messagesPath: '/messages', publicPath })('/notes/sse', 'id'),
      '/ai/notes/messages?sessionId=id'
    )
  }
})

t.test('the URL never names another origin', async (t) => {
  t.equal(
    createMessagesUrl({ ssePath: '/sse', messagesPath: '/messages', publicPath: '/' })('//evil.example//sse', 'id'),
    '/evil.example/messages?sessionId=id'
  )
})
