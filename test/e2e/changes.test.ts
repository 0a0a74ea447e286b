import { testChanges } from './talk/changes.ts'
import { setUpApp } from './talk/stage.ts'

testChanges(setUpApp)
