/**
 * session - one broker as a worker sees it: the state table of PROTOCOL.md, without sockets or
 * clocks. It is told what comes and what time it is (ms); it says what is to be sent by its port.
 *
 * The port: send(command, body), which does not wait; renew(), a new socket instead of the old one;
 * performs(name), whether the worker has this action; room(), how many deliveries this broker may
 * have under way; abandon(held), whose outcome is wanted no more; tellFeeds(command, body, now), what
 * was said of broadcasts; log(level, words).
 */

import { Delivery, objectOf } from './delivery.js'
import { Former } from './former.js'
import { BadMessage, DATA_BYTES, decode, LIST_MOST } from './wire.js'

export const STRANGER = 'stranger'
export const MEMBER = 'member'
export const LEAVING = 'leaving'
export const ENDED = 'ended'

const SHUNNED_MS = [1000, 5000] // before HELLO, after a BYE that said why
const HELLO_MS = 100 // the first wait for an answer
const HELLO_MOST_MS = 5000
const HELLOS_A_SOCKET = 3 // without an answer; then a new one: the name may mean another address
const SILENCE = 3 // intervals
const SETTLE_MOST_MS = 30_000
const SETTLE_BYTES = 1 << 20 // of results and errors in one message, or one of them
const PROGRESS_MS = 1000 // between two words on one lease
const BYTES_AT_HAND = 8 << 20 // of data, in deliveries that are not settled

/** @typedef {object} Held
 *  @property {number|bigint} lease
 *  @property {Delivery} delivery
 *  @property {number} beginBy    else it could not end in time
 *  @property {boolean} isBegun
 *  @property {object} [settlement]
 *  @property {number} settleAt    when it is said again
 *  @property {number} settleWait
 *  @property {boolean} isFormer    of the session before
 *  @property {[number, string]} [word]    how far it is, percent and text; not said yet
 *  @property {number} wordAt    when it may be said
 */

const between = (least, most) => least + Math.random() * (most - least)
const largest = (...all) => all.reduce((a, b) => (b > a ? b : a))
/** Numbers of the wire may be BigInt: sums of the two kinds. */
const plus = (a, b) => {
    const sum = BigInt(a) + BigInt(b)
    return sum <= Number.MAX_SAFE_INTEGER ? Number(sum) : sum
}

export class Session {
    constructor(port, hello, now) {
        this.state = STRANGER
        /** @type {Map<number|bigint, Held>} */
        this.held = new Map()
        this.port = port
        this.hello = hello
        this.helloAt = now
        this.helloWait = HELLO_MS
        this.unanswered = 0
        this.interval = 1000
        this.former = new Former()
        this.#forget(now)
    }

    /** Of the session that it is a member of; 0: of none. */
    get number() {
        return this.state === MEMBER ? this.session : 0
    }

    #forget(now) {
        this.session = 0
        this.heardAt = this.saidAt = this.beatAt = now
        this.received = 0
        this.told = 0 // the highest number that a heartbeat of the broker has told of
        this.bytes = 0 // of data, since WELCOME
        this.granted = 0
        this.grantedBytes = 0
        this.brokerLeaves = false
        this.capacity = 0 // that the broker wants; 0: as many as the worker likes
        this.shrunkUntil = 0 // numbers up to this were granted when it was larger
    }

    //  ---- time

    /** When tick() has something to do at the latest. */
    due() {
        if (this.state === ENDED) return Infinity
        if (this.state === STRANGER) return this.helloAt
        let at = Math.min(this.beatAt, this.heardAt + SILENCE * this.interval)
        for (const each of this.held.values()) {
            if (each.settlement) at = Math.min(at, each.settleAt)
            else if (!each.isBegun) at = Math.min(at, each.beginBy)
            else if (each.word) at = Math.min(at, each.wordAt)
        }
        return at
    }

    /** After all that waited was heard. */
    tick(now) {
        if (this.state === STRANGER) {
            if (now >= this.helloAt) this.#sayHello(now)
        } else if (this.state !== ENDED && !this.#isLost(now)) {
            this.release(this.waiting().filter((each) => now > each.beginBy), now)
            if (now >= this.beatAt) this.#beat(now)
            this.#settleAgain(now)
            this.#sayWords(now)
            this.#endIfDone()
        }
    }

    #isLost(now) {
        const most = SILENCE * this.interval
        if (now - this.heardAt > most) this.#lose('the broker was silent', now)
        else if (now - this.saidAt > most) this.#lose('this worker was silent', now)
        else return false
        return true
    }

    #sayHello(now) {
        if (this.unanswered >= HELLOS_A_SOCKET) {
            this.port.renew()
            this.unanswered = 0
        }
        const former = this.former.session && { former: this.former.session }
        this.#say('HELLO', { ...this.hello, ...former }, now)
        this.unanswered++
        this.helloAt = now + this.helloWait * between(0.5, 1)
        this.helloWait = Math.min(this.helloWait * 2, HELLO_MOST_MS)
    }

    #beat(now) {
        const working = this.working().filter((each) => each.isBegun)
        this.#sayInSession('HEARTBEAT', {
            received: this.received,
            leases: [...this.held.keys()],
            begun: working.map((each) => each.lease),
            tells_begun: true,
            capacity: this.#atATime(),
        }, now)
        this.grant(now, true)
        if (this.state === LEAVING) this.#sayInSession('BYE', {}, now)
        this.beatAt = now + this.interval
    }

    #say(command, body, now) {
        this.port.send(command, body)
        this.saidAt = now
    }

    #sayInSession(command, body, now) {
        this.#say(command, { session: this.session, ...body }, now)
    }

    //  ---- what comes

    hear(frames, now) {
        if (this.state === ENDED) return
        const isMember = this.state !== STRANGER
        if (isMember && now - this.saidAt > SILENCE * this.interval) {
            this.#lose('this worker was silent', now)
            return
        }
        this.heardAt = now
        this.unanswered = 0
        const message = this.#decode(frames)
        if (!message) return
        const [command, body] = message
        const isOurs = isMember && (body.session ?? this.session) === this.session
        if (command === 'ERROR') this.#hearError(body)
        else if (command === 'WELCOME') this.#hearWelcome(body, now)
        else if (isOurs) this.#hearInSession(command, body, now)
    }

    #hearError(body) {
        const words = [body.status, body.text].filter((each) => typeof each === 'string')
        this.port.log('warn', `the broker says ${JSON.stringify(words.join(': '))}`)
    }

    #decode(frames) {
        try {
            return decode(frames)
        } catch (bad) {
            if (!(bad instanceof BadMessage)) throw bad
            this.port.log('warn', `a bad message of the broker: ${bad.message}`)
            this.port.send('ERROR', { status: bad.status, text: bad.message })
            return undefined
        }
    }

    #hearWelcome(body, now) {
        if (this.state !== STRANGER) {
            if (body.session !== this.session) this.#lose('the broker gave another session', now)
            else this.#resize(body.capacity ?? 0, now)
            return
        }
        this.state = MEMBER
        this.#forget(now)
        this.session = body.session
        this.interval = body.heartbeat_ms
        this.helloWait = HELLO_MS
        this.beatAt = now + this.interval * between(0.5, 1)
        this.capacity = Math.min(Number(body.capacity ?? 0), LIST_MOST)
        this.port.log('info', 'joined')
        const kept = this.former.recall(body.former ?? 0)
        for (const each of kept) {
            each.settleWait = this.interval // doubled when it is said
            this.held.set(each.lease, each) // a lease of this one, from now on
        }
        this.#saySettle(kept, now)
        this.grant(now, true)
    }

    #atATime() {
        return this.capacity || (this.hello.capacity ?? 0)
    }

    /** Credit cannot be taken back: what comes by it and finds no room goes back instead. */
    #resize(capacity, now) {
        const before = this.#atATime()
        this.capacity = Math.min(Number(capacity), LIST_MOST)
        if (this.#atATime() < before) {
            this.shrunkUntil = this.granted
            this.release(this.waiting(), now)
        }
        this.grant(now)
    }

    #hearInSession(command, body, now) {
        if (command === 'DELIVER') this.#hearDeliver(body, now)
        else if (command === 'SETTLED') this.#hearSettled(body, now)
        else if (command === 'CANCEL') this.#hearCancel(body, now)
        else if (command === 'HEARTBEAT') {
            this.#takeNumber(this.told) // what has not come by now was lost on the way
            this.told = body.received ?? 0
            this.grant(now)
            this.port.tellFeeds(command, body, now)
        } else if (command === 'FEEDS' || command === 'PAGE') {
            this.port.tellFeeds(command, body, now)
        } else if (command === 'BYE' && (body.status ?? 'OK') !== 'OK') {
            this.#lose(`the broker hears no more of it: ${JSON.stringify(body.text ?? '')}`, now)
            this.helloAt = now + between(...SHUNNED_MS)
        } else if (command === 'BYE') {
            this.port.log('info', 'the broker stops')
            this.brokerLeaves = true
            this.release(this.waiting(), now)
        } else if (command === 'RESET') {
            this.#lose('the broker does not know this session', now)
        }
    }

    #hearSettled(body, now) {
        for (const lease of body.leases) {
            const held = this.held.get(lease)
            this.held.delete(lease)
            if (held && !held.settlement) this.port.abandon(held)
        }
        this.grant(now)
        this.#endIfDone()
    }

    /** How far it is: the last word of each second is said. */
    progress(held, percent, text, now) {
        held.word = [percent, text]
        this.#sayWords(now)
    }

    #sayWords(now) {
        for (const each of this.working()) {
            if (!each.word || now < each.wordAt) continue
            const [percent, text] = each.word
            each.word = undefined
            each.wordAt = now + PROGRESS_MS
            const said = { lease: each.lease }
            if (percent) said.percent = percent
            if (text) said.text = text
            this.#sayInSession('PROGRESS', said, now)
        }
    }

    /** They have ended for everybody else; what was settled is SETTLED as ever. */
    #hearCancel(body, now) {
        const some = body.leases.map((lease) => this.held.get(lease))
            .filter((held) => held && !held.settlement)
        this.release(some, now)
        for (const held of some) if (held.isBegun) this.port.abandon(held)
        this.grant(now)
        this.#endIfDone()
    }

    #hearDeliver(body, now) {
        const targets = body.targets.map(readTarget)
        const refused = []
        for (const each of body.deliveries) {
            if (each.number <= this.received) continue
            this.#takeNumber(plus(each.number, -1))
            this.received = each.number
            const target = targets[each.target]
            const delivery = new Delivery(each, target)
            // A question has nothing but its deadline: what is begun late may still be in time.
            const last = delivery.isQuestion ? 0 : Number(target.timeout_ms)
            const held = {
                lease: each.lease,
                delivery,
                beginBy: now + Number(each.deadline_ms) - last,
                isBegun: false,
                settleAt: 0,
                settleWait: 0,
                isFormer: false,
                wordAt: 0,
            }
            this.bytes += held.delivery.event.data.length
            if (this.#hasRoom(each.number) && this.#canTake(held, now)) this.held.set(held.lease, held)
            else refused.push(held)
        }
        this.release(refused, now)
        this.grant(now)
    }

    #hasRoom(number) {
        return number > this.shrunkUntil || this.working().length < this.port.room()
    }

    #canTake(held, now) {
        return this.state === MEMBER && !this.brokerLeaves && this.held.size < LIST_MOST
            && now <= held.beginBy && this.port.performs(held.delivery.action.name)
    }

    /** Up to this one. What was skipped counts with the most data that it can have had. */
    #takeNumber(number) {
        if (number <= this.received) return
        this.bytes += Number(plus(number, -BigInt(this.received))) * DATA_BYTES
        this.received = number
    }

    //  ---- leases

    waiting() {
        return [...this.held.values()].filter((each) => !each.isBegun)
    }

    /** Those that are not settled. */
    working() {
        return [...this.held.values()].filter((each) => !each.settlement)
    }

    release(some, now) {
        for (const each of some) this.held.delete(each.lease)
        for (let at = 0; at < some.length; at += LIST_MOST) {
            const leases = some.slice(at, at + LIST_MOST).map((each) => each.lease)
            this.#sayInSession('RELEASE', { leases }, now)
        }
    }

    /** Says CREDIT when there is room for more than was said before. */
    grant(now, always = false) {
        if (this.state !== MEMBER && this.state !== LEAVING) return
        const before = this.granted
        if (this.state === MEMBER && !this.brokerLeaves) {
            const working = this.working()
            const room = Math.min(this.port.room() - working.length, LIST_MOST - this.held.size)
            const atHand = working.reduce((sum, each) => sum + each.delivery.event.data.length, 0)
            const bytes = this.bytes + Math.max(0, BYTES_AT_HAND - atHand)
            this.granted = largest(this.granted, plus(this.received, Math.max(0, room)))
            this.grantedBytes = Math.min(largest(this.grantedBytes, bytes), Number.MAX_SAFE_INTEGER)
        }
        if (!always && this.granted <= before) return
        const said = { deliveries_granted: this.granted, bytes_granted: this.grantedBytes }
        this.#sayInSession('CREDIT', said, now)
    }

    /** Attempts that have ended. Of those whose session was lost before that nothing is said. */
    settle(ended, now) {
        const ours = []
        for (const [held, settlement] of ended) {
            if (this.held.get(held.lease) !== held || held.settlement) continue
            held.settlement = settlement
            held.settleWait = this.interval // doubled when it is said
            ours.push(held)
        }
        this.#saySettle(ours, now)
        this.grant(now)
    }

    #settleAgain(now) {
        const late = [...this.held.values()].filter((each) => each.settlement && now >= each.settleAt)
        this.#saySettle(late, now)
    }

    #saySettle(some, now) {
        let batch = []
        let size = 0
        const flush = () => {
            if (batch.length) this.#sayInSession('SETTLE', { settlements: batch }, now)
            batch = []
            size = 0
        }
        for (const each of some) {
            each.settleWait = Math.min(each.settleWait * 2, SETTLE_MOST_MS)
            each.settleAt = now + each.settleWait
            batch.push(each.settlement)
            size += (each.settlement.result ?? '').length + (each.settlement.error ?? '').length
            if (size >= SETTLE_BYTES || batch.length === LIST_MOST) flush()
        }
        flush()
    }

    //  ---- ends

    /** In order: what has begun is finished and settled. */
    leave(now) {
        if (this.state === STRANGER) {
            this.state = ENDED
        } else if (this.state === MEMBER) {
            this.state = LEAVING
            this.#sayInSession('BYE', {}, now)
            this.release(this.waiting(), now)
            this.#endIfDone()
        }
    }

    #endIfDone() {
        if (this.state === LEAVING && this.held.size === 0) this.state = ENDED
    }

    #lose(why, now) {
        this.port.log('warn', `the session is lost: ${why}`)
        for (const held of this.working()) this.port.abandon(held)
        this.former.lose(this.session, [...this.held.values()])
        this.held.clear()
        if (this.state === LEAVING) {
            this.state = ENDED
            return
        }
        this.state = STRANGER
        this.port.renew()
        this.unanswered = 0
        this.helloAt = now + between(0, this.interval)
        this.#forget(now)
    }
}

/** With the JSON of `deliver` read; what is none has no action that anybody performs. */
function readTarget(target) {
    let told = {}
    try {
        told = objectOf(JSON.parse(target.deliver))
    } catch {
        // it is released, as what nobody here performs
    }
    return { ...target, action: objectOf(told.action), deliver: objectOf(told.deliver) }
}
