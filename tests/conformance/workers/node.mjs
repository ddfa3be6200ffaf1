/** A worker with sdk/node for the conformance suite: its action POSTs to where it is told. */

import { Fail, Retry, Worker } from '../../../sdk/node/src/index.js'

const labels = (process.env.TOCSIN_LABELS ?? '').split(' ').filter(Boolean)
const worker = new Worker(process.env.TOCSIN_BROKER, {
    name: 'node',
    capacity: 16,
    subscriptions: JSON.parse(process.env.TOCSIN_BRINGS ?? '[]'),
    labels: Object.fromEntries(labels.map((label) => label.split('='))),
    places: process.env.TOCSIN_PLACES,
    ownKey: process.env.TOCSIN_KEYS_OWN,
    brokerKey: process.env.TOCSIN_KEYS_BROKERS,
})

worker.action('post', async ({ event, action, deliver, signal }) => {
    const url = deliver.url ?? action.url // a broadcast has no consumer
    const headers = { 'content-type': event.contentType, 'webhook-id': event.id }
    const answer = await fetch(url, { method: 'POST', body: event.data, headers, signal })
    if (answer.ok) return { status: answer.status }
    if (answer.status === 410) throw new Fail('gone', { disables: true })
    const afterSeconds = Number(answer.headers.get('retry-after') ?? 0)
    throw new Retry(`answered ${answer.status}`, { afterSeconds })
})

await worker.run()
process.exit(0) // fetch keeps connections open
