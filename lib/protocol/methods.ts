// The names of all JSON-RPC methods, of both eras.

/** The methods of requests and notifications, as messages name them. */
export const Method = Object.freeze({
  // Requests of clients.
  Initialize: 'initialize',
  Ping: 'ping',
  ServerDiscover: 'server/discover',
  SubscriptionsListen: 'subscriptions/listen',
  ToolsList: 'tools/list',
  ToolsCall: 'tools/call',
  PromptsList: 'prompts/list',
  PromptsGet: 'prompts/get',
  ResourcesList: 'resources/list',
  ResourceTemplatesList: 'resources/templates/list',
  ResourcesRead: 'resources/read',
  ResourcesSubscribe: 'resources/subscribe',
  ResourcesUnsubscribe: 'resources/unsubscribe',
  CompletionComplete: 'completion/complete',
  LoggingSetLevel: 'logging/setLevel',

  // Requests of servers: questions.
  ElicitationCreate: 'elicitation/create',
  SamplingCreateMessage: 'sampling/createMessage',
  RootsList: 'roots/list',

  // Notifications.
  Initialized: 'notifications/initialized',
  Cancelled: 'notifications/cancelled',
  Progress: 'notifications/progress',
  LogMessage: 'notifications/message',
  ToolsListChanged: 'notifications/tools/list_changed',
  PromptsListChanged: 'notifications/prompts/list_changed',
  ResourcesListChanged: 'notifications/resources/list_changed',
  ResourceUpdated: 'notifications/resources/updated',
  SubscriptionAcknowledged: 'notifications/subscriptions/acknowledged',
  ElicitationComplete: 'notifications/elicitation/complete'
})
