// Structured output: the return value is checked against the outputSchema, and sent as a value that programs can use.
// The weather comes from Open-Meteo, or FORECAST_URL. Try it: ask an assistant whether to take an umbrella to Lisbon.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type } from 'fastify-mcp-mount'

const { FORECAST_URL = 'https://api.open-meteo.com/v1/forecast' } = process.env
const TIMEOUT_MS = 10_000

// WMO weather interpretation codes, each with the first code of its range: https://open-meteo.com/en/docs
const CONDITIONS = [
  [95, 'thunderstorm'],
  [85, 'snow'],
  [80, 'rain'],
  [71, 'snow'],
  [61, 'rain'],
  [51, 'drizzle'],
  [45, 'fog'],
  [3, 'overcast'],
  [1, 'fair'],
  [0, 'clear']
] as const

const Weather = Type.Object({
  time: Type.String({ format: 'date-time' }),
  conditions: Type.Union(
    ['clear', 'fair', 'overcast', 'fog', 'drizzle', 'rain', 'snow', 'thunderstorm'].map((name) => Type.Literal(name))
  ),
  temperature: Type.Number({ description: 'in °C' }),
  humidity: Type.Number({ minimum: 0, maximum: 100, description: 'relative, in %' }),
  wind: Type.Object({
    speed: Type.Number({ minimum: 0, description: 'in km/h' }),
    from: Type.Number({ minimum: 0, maximum: 360, description: 'in degrees' })
  })
})

interface Forecast {
  current: {
    time: number,
    weather_code: number,
    temperature_2m: number,
    relative_humidity_2m: number,
    wind_speed_10m: number,
    wind_direction_10m: number
  }
}

const weather = new McpServer({ name: 'Weather', version: '1.0.0' })

weather.registerTool('get_weather', {
  description: 'Tell the weather somewhere, as it is now.',
  inputSchema: Type.Object({
    latitude: Type.Number({ minimum: -90, maximum: 90 }),
    longitude: Type.Number({ minimum: -180, maximum: 180 })
  }),
  outputSchema: Weather,
  annotations: { readOnlyHint: true, openWorldHint: true }
}, async ({ latitude, longitude }, { signal }) => {
  const url = new URL(FORECAST_URL)
  url.search = String(new URLSearchParams({
    latitude: String(latitude),
    longitude: String(longitude),
    timeformat: 'unixtime',
    current: 'weather_code,temperature_2m,relative_humidity_2m,wind_speed_10m,wind_direction_10m'
  }))
  // The request is also aborted when the client disconnects.
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
  if (!response.ok) throw new ToolError(`The weather service answered ${response.status}; try again later`)

  const { current } = await response.json() as Forecast
  return {
    time: new Date(current.time * 1000).toISOString(),
    conditions: CONDITIONS.find(([code]) => current.weather_code >= code)?.[1] ?? 'clear',
    temperature: current.temperature_2m,
    humidity: current.relative_humidity_2m,
    wind: { speed: current.wind_speed_10m, from: current.wind_direction_10m }
  }
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, { server: weather })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
