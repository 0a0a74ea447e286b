// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testChanges } from './talk/changes.ts'
import { setUpNodes } from './talk/stage.ts'

testChanges(setUpNodes)
