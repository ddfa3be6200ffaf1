/** delivery - what an action is given, and how it says what became of it. */

import { PROGRESS_BYTES, TEXT_BYTES } from './wire.js'

/** Thrown by an action: again later, by the subscription's policy. */
export class Retry extends Error {
    constructor(error = '', { afterSeconds = 0 } = {}) {
        super(error)
        this.name = 'Retry'
        this.afterSeconds = afterSeconds // not before; 0 leaves it to the policy
    }
}

/** Thrown by an action: never again; the delivery becomes a dead letter. */
export class Fail extends Error {
    constructor(error = '', { disables = false } = {}) {
        super(error)
        this.name = 'Fail'
        this.disables = disables // nothing more is wanted: the subscription is disabled
    }
}

export class Event {
    constructor(body) {
        this.id = body.id // the same on every attempt
        this.type = body.type
        this.subject = body.subject
        this.time = body.time
        this.partition = body.partition ?? 0
        this.seq = body.seq ?? 0
        this.acceptedMs = body.accepted_ms ?? 0
        this.givenId = body.given_id ?? ''
        this.source = body.source ?? ''
        this.key = body.key ?? ''
        this.phase = body.phase ?? 'post'
        this.causation = body.causation ?? '' // id of the event that caused it
        this.root = body.root ?? '' // id of the first event of its tree; empty: itself
        this.via = body.via ?? '' // the subscription whose action made it
        this.hops = body.hops ?? 0 // actions between root and this one
        this.contentType = body.content_type ?? 'application/json'
        this.data = Buffer.from(body.data ?? []) // ours: the frame it came in is not kept
    }

    json() {
        return JSON.parse(this.data.toString())
    }
}

/** One attempt of one event for one subscription. */
export class Delivery {
    constructor(body, target) {
        this.event = new Event(body.event)
        this.subscription = target.subscription
        this.action = target.action // of the subscription: {name, …}
        this.deliver = target.deliver // of the subscription: {url, …}, or {}
        this.attempt = body.attempt
        this.timeoutMs = Number(target.timeout_ms)
        this.over = new AbortController()
        this.tell = () => {} // the worker's, once it has begun
    }

    /** How far it is, 1 to 100 percent (0: that is not said) and in words. The last of each second is shown. */
    progress(percent = 0, text = '') {
        const whole = Math.min(Math.max(Math.round(percent) || 0, 0), 100)
        this.tell(whole, cut(text, PROGRESS_BYTES))
    }

    /** It has not happened yet: the result, {decision: 'allow' or 'deny', …}, is the answer. */
    get isQuestion() {
        return this.event.phase === 'pre'
    }

    /** Aborted when the outcome is wanted no more, whatever it will be: to be handed to fetch and its like. */
    get signal() {
        return this.over.signal
    }
}

/** Of JSON that somebody else wrote: what is no object has no members. */
export const objectOf = (value) =>
    (value && typeof value === 'object' && !Array.isArray(value) ? value : {})

/** As a text of the protocol: UTF-8 without NUL, and not too long. */
export function cut(words, most = TEXT_BYTES) {
    const whole = Buffer.from(String(words).replaceAll('\0', '\ufffd'))
    if (whole.length <= most) return whole.toString()
    let end = most
    while ((whole[end] & 0xc0) === 0x80) end-- // not within a character
    return whole.subarray(0, end).toString()
}

function okOf(result) {
    const words = result === undefined ? '' : JSON.stringify(result)
    if (!words) return { outcome: 'ok' }
    const size = Buffer.byteLength(words)
    if (size <= TEXT_BYTES) return { outcome: 'ok', result: words }
    return { outcome: 'ok', result: JSON.stringify({ left_out: `${size} bytes` }) }
}

function problemOf(problem) {
    if (problem instanceof Fail) {
        const failed = { outcome: 'fail', error: cut(problem.message) }
        return problem.disables ? { ...failed, disables: true } : failed
    }
    if (problem instanceof Retry) {
        const again = { outcome: 'retry', error: cut(problem.message) }
        const afterMs = Math.min(Math.round(problem.afterSeconds * 1000), Number.MAX_SAFE_INTEGER)
        return afterMs > 0 ? { ...again, retry_after_ms: afterMs } : again
    }
    return { outcome: 'retry', error: cut(problem) }
}

/** What is said of an attempt that ended; every problem that is no Fail is a reason to try again. */
export function settlementOf(lease, beganMs, ended) {
    let said
    try {
        said = 'problem' in ended ? problemOf(ended.problem) : okOf(ended.result)
    } catch (problem) { // a result that is no JSON, a problem that is no text
        said = { outcome: 'retry', error: `its outcome cannot be told: ${problem.constructor.name}` }
    }
    const durationMs = Math.max(0, Date.now() - beganMs)
    return { lease, ...said, time_ms: beganMs, duration_ms: durationMs }
}
