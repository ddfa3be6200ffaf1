/** feed - what a broker's feed tells: the third frame of a message, whose first is the topic. */
import { Pairs, unpack } from './msgpack.js'

function plain(value) {
    if (Array.isArray(value)) return value.map(plain)
    if (!(value instanceof Pairs)) return value
    return Object.fromEntries([...value].map(([key, each]) => [key, plain(each)]))
}

/** {subscription, prev, event}; what is 0 or empty on the wire is so here. */
export function readFeed(body) {
    const { subscription = '', prev = 0, event } = plain(unpack(body))
    return { subscription, prev, event: { partition: 0, data: Buffer.alloc(0), ...event } }
}
