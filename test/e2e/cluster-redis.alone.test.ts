// The same as for one app, over three processes on one Redis behind a balancer that knows nothing of sessions.
import t from 'tap'
import { noRedis } from '../support/redis-server.ts'
import { testAsking } from './talk/asking.ts'
import { testCancellation } from './talk/cancellation.ts'
import { testChanges } from './talk/changes.ts'
import { testNotifications } from './talk/notifications.ts'
import { startProcesses } from './talk/processes.ts'
import { testResumption } from './talk/resumption.ts'
import { testSessions } from './talk/sessions.ts'

if (noRedis !== false) t.plan(0, noRedis)
else {
  t.setTimeout(300_000)
  const setUp = await startProcesses(t)
  for (const test of [testAsking, testCancellation, testChanges, testNotifications, testResumption, testSessions]) {
    test(setUp)
  }
}
