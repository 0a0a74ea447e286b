// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testSessions } from './talk/sessions.ts'
import { setUpNodes } from './talk/stage.ts'

testSessions(setUpNodes)
