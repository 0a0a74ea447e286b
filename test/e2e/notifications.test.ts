import { testNotifications } from './talk/notifications.ts'
import { setUpApp } from './talk/stage.ts'

testNotifications(setUpApp)
