// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testCancellation } from './talk/cancellation.ts'
import { setUpNodes } from './talk/stage.ts'

testCancellation(setUpNodes)
