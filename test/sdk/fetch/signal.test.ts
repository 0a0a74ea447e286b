import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { modernCall } from '../../support/app.ts'
import { createGate, listen, sendAlone } from '../../support/stream.ts'
import { createSdkApp } from '../../support/sdk-servers.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

t.test('a handler that keeps only the signal of its request sees it aborted when the client leaves', async (t) => {
  const started = createGate()
  const aborted = createGate()
  const { app } = await createSdkApp(t, {
    fetch ({ signal }) {
      signal.addEventListener('abort', () => aborted.open())
      started.open()
      return new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
    }
  })
  const sent = sendAlone(await listen(app), modernCall('hello'))
  await started.promise
  await new Promise(setImmediate)

  collectGarbage()
  sent.destroy()

  await aborted.promise
  t.pass('the request was aborted')
})
