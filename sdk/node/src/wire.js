/** wire - messages of proto/wire/PROTOCOL.md as two frames, checked when they are read. */

import { BadMessage, Pairs, pack, Passed, unpack } from './msgpack.js'

export { BadMessage }

export const VERSION = 1
export const COMMANDS = {
    PUBLISH: 0x01, CALL: 0x02, CONFIRM: 0x11, REFUSE: 0x12, REPLY: 0x13,
    HELLO: 0x21, CREDIT: 0x22, SETTLE: 0x23, RELEASE: 0x24, BYE: 0x25, LISTEN: 0x26, CATCH_UP: 0x27,
    PROGRESS: 0x28,
    WELCOME: 0x31, DELIVER: 0x32, SETTLED: 0x33, RESET: 0x34, FEEDS: 0x35, PAGE: 0x36, CANCEL: 0x37,
    HEARTBEAT: 0x41, ERROR: 0x42, FEED: 0x51,
}
const NAMES = Object.fromEntries(Object.entries(COMMANDS).map(([name, octet]) => [octet, name]))

export const LIST_MOST = 4096 // entries of any list
export const FRAME_BYTES = 8_388_608
export const TEXT_BYTES = 65_536
export const PROGRESS_BYTES = 256
export const DATA_BYTES = 1_048_576
const NUMBER_MOST = (1n << 63n) - 1n
const SMALL_MOST = 2 ** 31 - 1

/** @returns {Buffer[]} */
export function encode(command, body) {
    return [Buffer.from([VERSION, COMMANDS[command]]), pack(body)]
}

/**
 * The command and what is known of its body; of an ERROR whatever can be read.
 * @param {Buffer[]} frames
 * @returns {[string, Record<string, any>]}
 */
export function decode(frames) {
    const [first, body] = frames
    if (first.length >= 2 && first[1] === COMMANDS.ERROR) return ['ERROR', errorBody(body)]
    if (frames.length !== 2)
        throw new BadMessage(`${frames.length} frames, there are two in a message`)
    if (first.length !== 2)
        throw new BadMessage(`the command frame has ${first.length} bytes, there are two`)
    if (first[0] !== VERSION)
        throw new BadMessage(`version ${first[0]}, this worker speaks version ${VERSION}`)
    const name = NAMES[first[1]]
    if (!name) throw new BadMessage(`unknown command 0x${first[1].toString(16)}`)
    if (!BODIES[name]) throw new BadMessage(`${name} is not for a worker`)
    return [name, BODIES[name](unpack(body), name)]
}

/** A message of the feed: its topic, which is passed over, and what is told. */
export function decodeFeed(frames) {
    const [, head, body] = frames
    const isFeed = head?.length === 2 && head[0] === VERSION && head[1] === COMMANDS.FEED
    if (frames.length !== 3 || !isFeed)
        throw new BadMessage('a message of the feed has a topic, the command FEED and a body')
    return FEED(unpack(body), 'FEED')
}

/** Never refused, for an ERROR is not answered with an ERROR. */
function errorBody(body) {
    const found = {}
    try {
        for (const [key, value] of unpack(body)) if (typeof key === 'string') found[key] = value
    } catch {
        // the words of a peer that cannot be read are nothing that could be acted on
    }
    return found
}

//  ---- kinds: each takes a value and where it stands, and gives it back

const number = (least = 0, most = NUMBER_MOST) => (value, where) => {
    if (typeof value !== 'number' && typeof value !== 'bigint')
        throw new BadMessage(`${where}: no number`)
    if (value < least || value > most)
        throw new BadMessage(`${where}: ${value}, it is ${least} to ${most}`, 'TOO_LARGE')
    return value
}

const flag = (value, where) => {
    if (typeof value !== 'boolean') throw new BadMessage(`${where}: no flag`)
    return value
}

const text = (most = FRAME_BYTES, pattern = undefined) => (value, where) => {
    if (typeof value !== 'string' || value.includes('\0'))
        throw new BadMessage(`${where}: no text`)
    if (Buffer.byteLength(value) > most)
        throw new BadMessage(`${where}: longer than ${most} bytes`, 'TOO_LARGE')
    if (pattern && !pattern.test(value))
        throw new BadMessage(`${where}: ${JSON.stringify(value.slice(0, 60))} is none`)
    return value
}

const data = (value, where) => {
    if (!(value instanceof Uint8Array)) throw new BadMessage(`${where}: no bytes`)
    if (value.length > DATA_BYTES)
        throw new BadMessage(`${where}: longer than ${DATA_BYTES} bytes`, 'TOO_LARGE')
    return value
}

const listOf = (kind, least = 0) => (value, where) => {
    if (!Array.isArray(value)) throw new BadMessage(`${where}: no list`)
    if (value.length > LIST_MOST)
        throw new BadMessage(`${where}: more than ${LIST_MOST} entries`, 'TOO_LARGE')
    if (value.length < least) throw new BadMessage(`${where}: it is empty`)
    return value.map((each, place) => kind(each, `${where}[${place}]`))
}

/** The members that must be there, and the others. */
const mapOf = (needed, optional = {}) => {
    const kinds = new Map(Object.entries({ ...needed, ...optional }))
    return (value, where) => {
        if (!(value instanceof Pairs)) throw new BadMessage(`${where}: no map`)
        const found = {}
        for (const [key, each] of value) {
            const kind = typeof key === 'string' && kinds.get(key)
            if (!kind) continue
            if (Object.hasOwn(found, key)) throw new BadMessage(`${where}.${key}: it is there twice`)
            if (each instanceof Passed) throw new BadMessage(`${where}.${key}: ${each.what}`)
            found[key] = kind(each, `${where}.${key}`)
        }
        for (const key of Object.keys(needed))
            if (!Object.hasOwn(found, key)) throw new BadMessage(`${where}.${key}: it is missing`)
        return found
    }
}

//  ---- what a worker reads

const PLAIN = /^[^\u0000-\u001f\u007f-\u009f]*$/ // no control characters
const PATH = /^[^\u0000-\u001f\u007f-\u009f]+$/
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

const NEEDED = {
    id: text(64, /^[A-Za-z0-9_-]{1,64}$/),
    type: text(180, /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/),
    subject: text(1024, PATH),
    time: text(64, TIME),
}
const MORE = {
    given_id: text(512, PLAIN),
    source: text(1024, PLAIN),
    key: text(1024, PLAIN),
    phase: text(16, /^(post|pre)$/),
    content_type: text(120, PLAIN),
    data,
    partition: number(0, SMALL_MOST),
    seq: number(),
    accepted_ms: number(),
    causation: text(64, /^[A-Za-z0-9_-]*$/),
    root: text(64, /^[A-Za-z0-9_-]*$/),
    via: text(120, PLAIN),
    hops: number(0, 65_535),
}
const EVENT = mapOf(NEEDED, MORE)
const TARGET = mapOf({
    subscription: text(120), version: number(), deliver: text(), timeout_ms: number(),
})
const DELIVERY = mapOf({
    lease: number(), number: number(), attempt: number(0, SMALL_MOST), deadline_ms: number(),
    target: number(), event: EVENT,
})
const session = number()
const leases = listOf(number())
const DELIVER = mapOf({ session, targets: listOf(TARGET, 1), deliveries: listOf(DELIVERY, 1) })

//  ---- of the feed: it is counted with seqs, so none is a BigInt; no log grows so long

const seq = number(0, Number.MAX_SAFE_INTEGER)
const seqs = listOf(seq)
const TOLD = mapOf(NEEDED, { ...MORE, seq })
const ENTRY = mapOf(
    { subscription: text(120), version: number(), seqs },
    { created_ms: number(), document: text() },
)
const FEED = mapOf({ event: TOLD }, { subscription: text(120), prev: seq })

const BODIES = {
    BYE: mapOf({}, { session, status: text(64), text: text(65_536) }),
    WELCOME: mapOf(
        { session, heartbeat_ms: number(10, 60_000) },
        { capacity: number(), former: session },
    ),
    DELIVER: (value, where) => {
        const body = DELIVER(value, where)
        for (const [place, each] of body.deliveries.entries())
            if (each.target >= body.targets.length)
                throw new BadMessage(`${where}.deliveries[${place}].target: it is not there`)
        return body
    },
    SETTLED: mapOf({ session, leases }),
    CANCEL: mapOf({ session, leases }),
    RESET: mapOf({}, { session }),
    HEARTBEAT: mapOf({}, {
        session, leases, received: number(), feeds: listOf(ENTRY), tells_feeds: flag, lasts: seqs,
    }),
    FEEDS: mapOf(
        { session, firsts: seqs, lasts: seqs },
        { endpoint: text(TEXT_BYTES), feeds: listOf(ENTRY) },
    ),
    PAGE: mapOf(
        { session, subscription: text(120) },
        {
            partition: number(0, SMALL_MOST), above: seq, reached: seq, first: seq,
            events: listOf(TOLD),
        },
    ),
}
