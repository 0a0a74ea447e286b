// Records the metrics of all mounts of an app.
import type * as Api from '@opentelemetry/api'
import { refusals, requests, sessions } from '../channels.ts'
import type { MountIdentity, RefusalEvent, RequestEvent, SessionEvent } from '../events.ts'
import { describeEnd, describeRequest } from './attributes.ts'
import { guard } from './guard.ts'
import { KnownNames } from './known-names.ts'
import { Attribute, BUCKETS, Metric } from './names.ts'

/** The part of a mount whose load is recorded. */
interface ObservedMount {
  readonly name: string
  stats (): {
    readonly sessions: number
    readonly exchanges: number
    readonly streams: number
    readonly unreadBytes: number
    readonly cluster?: { readonly reachable: boolean }
  }
}

/** What metrics are recorded with. */
export interface MetricSettings {
  readonly api: typeof Api
  /** The mounts of the app. */
  readonly mounts: Iterable<ObservedMount>
  isOwn (event: MountIdentity): boolean
}

/** Records metrics from now on. Returns what ends this. */
export function startMetrics ({ api, mounts, isOwn }: MetricSettings): () => void {
  const meter = api.metrics.getMeter('fastify-mcp-mount')
  const advice = { explicitBucketBoundaries: BUCKETS }
  const operations = meter.createHistogram(Metric.OperationDuration, { unit: 's', advice })
  const lives = meter.createHistogram(Metric.SessionDuration, { unit: 's', advice })
  const refused = meter.createCounter(Metric.Refusals)
  const known = new KnownNames()

  const onRequest = (event: RequestEvent): void => {
    const { tool, prompt, duration = 0 } = event
    operations.record(duration / 1000, {
      ...describeRequest(event),
      ...describeEnd(event),
      ...(tool !== undefined && { [Attribute.Tool]: known.labelOf(tool, event) }),
      ...(prompt !== undefined && { [Attribute.Prompt]: known.labelOf(prompt, event) })
    })
  }
  const onSession = ({ duration, mount, revision }: SessionEvent): void => {
    if (duration === undefined) return
    lives.record(duration / 1000, { [Attribute.Mount]: mount, [Attribute.Revision]: revision })
  }
  const onRefusal = ({ mount, reason }: RefusalEvent): void => {
    refused.add(1, { [Attribute.Mount]: mount, [Attribute.Reason]: reason })
  }

  // The channels have only messages of their own types.
  const own = <Event extends MountIdentity>(record: (event: Event) => void) => (message: unknown): void => {
    guard(api, 'a metric', () => { if (isOwn(message as Event)) record(message as Event) })
  }
  const listeners = [
    [requests.asyncEnd, own(onRequest)], [sessions, own(onSession)], [refusals, own(onRefusal)]
  ] as const
  for (const [channel, listener] of listeners) channel.subscribe(listener)

  const [sessionCount, exchangeCount, streamCount, unread] = [
    meter.createObservableUpDownCounter(Metric.Sessions),
    meter.createObservableUpDownCounter(Metric.Exchanges),
    meter.createObservableUpDownCounter(Metric.Streams),
    meter.createObservableUpDownCounter(Metric.UnreadBytes, { unit: 'By' })
  ] as const
  const reachable = meter.createObservableGauge(Metric.ClusterReachable)
  const gauges = [sessionCount, exchangeCount, streamCount, unread, reachable]
  const observe = (result: Api.BatchObservableResult): void => {
    for (const mount of mounts) {
      const { sessions, exchanges, streams, unreadBytes, cluster } = mount.stats()
      const labels = { [Attribute.Mount]: mount.name }
      result.observe(sessionCount, sessions, labels)
      result.observe(exchangeCount, exchanges, labels)
      result.observe(streamCount, streams, labels)
      result.observe(unread, unreadBytes, labels)
      if (cluster !== undefined) result.observe(reachable, Number(cluster.reachable), labels)
    }
  }
  meter.addBatchObservableCallback(observe, gauges)
  return function endMetrics () {
    for (const [channel, listener] of listeners) channel.unsubscribe(listener)
    meter.removeBatchObservableCallback(observe, gauges)
  }
}
