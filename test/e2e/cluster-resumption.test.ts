// The same as for one app, over three nodes behind a balancer that knows nothing of sessions.
import { testResumption } from './talk/resumption.ts'
import { setUpNodes } from './talk/stage.ts'

testResumption(setUpNodes)
