import { testSessions } from './talk/sessions.ts'
import { setUpApp } from './talk/stage.ts'

testSessions(setUpApp)
