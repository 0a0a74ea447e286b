// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testNotifications } from './talk/notifications.ts'
import { setUpNodes } from './talk/stage.ts'

testNotifications(setUpNodes)
