// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testAsking } from './talk/asking.ts'
import { setUpNodes } from './talk/stage.ts'

testAsking(setUpNodes)
