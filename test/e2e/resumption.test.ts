import { testResumption } from './talk/resumption.ts'
import { setUpApp } from './talk/stage.ts'

testResumption(setUpApp)
