/** worker - signals and time around the links, and the actions that are at work. */

import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { Fail, Retry, settlementOf } from './delivery.js'
import { checkIsHere, readKeys } from './keys.js'
import { labelsOf } from './labels.js'
import { Link } from './link.js'
import { luggageOf } from './luggage.js'
import { Places } from './places.js'
import { ENDED, MEMBER } from './session.js'
import { LIST_MOST } from './wire.js'

const VERSION = '0.1.0'
const TIMER_MOST_MS = 2 ** 31 - 1
const FAREWELL_MS = 200

/** Performs what nobody does: a broadcast whose action has become another one. */
const nobody = () => { throw new Fail('this worker has no such action') }

const shown = {
    info: () => {},
    warn: (words) => console.warn(`tocsin-worker: ${words}`),
}

/** Performs actions for brokers, until SIGTERM or stop(). */
export class Worker {
    /** @type {Map<string, Function>} */
    actions = new Map()
    #links = []
    #jobs = new Set() // also those whose outcome nobody wants any more
    #runs = new Set() // the same of broadcasts, which are beside them
    #timer
    #isDue = false
    #leaveBy = Infinity
    #isStopping = false
    #ended // resolves what run() has promised

    constructor(
        brokers,
        {
            name = hostname(), capacity = 8, leaveSeconds = 30, labels = {}, subscriptions = [],
            broadcasts = true, places = '', log = shown, ownKey, brokerKey,
        } = {},
    ) {
        this.brokers = [brokers].flat()
        if (!this.brokers.length) throw new RangeError('a worker wants a broker')
        if (!Number.isInteger(capacity) || capacity < 1 || capacity > LIST_MOST)
            throw new RangeError(`capacity is ${capacity}; it is 1 to ${LIST_MOST}`)
        this.labels = labelsOf(labels)
        this.subscriptions = luggageOf(subscriptions)
        this.keys = readKeys(ownKey, brokerKey)
        if (!ownKey) this.brokers.forEach(checkIsHere)
        this.name = name
        this.capacity = capacity
        this.leaveSeconds = leaveSeconds
        this.logger = log
        this.broadcasts = broadcasts
        this.places = new Places(places, (words) => this.log('warn', words))
    }

    /** The function that performs an action; it may be async. */
    action(name, perform) {
        if (this.actions.has(name)) throw new RangeError(`there are two actions ${name}`)
        this.actions.set(name, perform)
        return this
    }

    /** Until SIGTERM or SIGINT; then it leaves in order. */
    async run() {
        const stop = () => void this.stop()
        process.on('SIGTERM', stop)
        process.on('SIGINT', stop)
        try {
            await this.start()
        } finally {
            process.off('SIGTERM', stop)
            process.off('SIGINT', stop)
        }
    }

    /** The same without signals: a promise of its end. */
    start() {
        const hello = {
            name: this.name,
            version: `tocsin-worker-node/${VERSION}`,
            actions: [...this.actions.keys()].sort(),
            capacity: this.capacity,
            instance: randomBytes(6).readUIntBE(0, 6),
            ...(this.labels.length && { labels: this.labels }),
            ...(this.subscriptions.length && { subscriptions: this.subscriptions }),
        }
        this.life = new Promise((resolve) => { this.#ended = resolve })
        this.#links = this.brokers.map((each) => new Link(this, each, hello, this.keys))
        this.#turn()
        return this.life
    }

    /** Asks it to leave, and waits until it has. Asked twice, it waits for nothing that has begun. */
    stop() {
        const now = performance.now()
        this.#leaveBy = this.#isStopping ? now : now + this.leaveSeconds * 1000
        if (!this.#isStopping) for (const link of this.#links) link.end(now)
        this.#isStopping = true
        this.#turn()
        return this.life
    }

    log(level, words) {
        this.logger[level]?.(words)
    }

    //  ---- time

    /** After each message. */
    heard() {
        this.#begin()
        this.#schedule()
    }

    #turn() {
        const now = performance.now()
        if (now >= this.#leaveBy) this.#giveUp()
        for (const link of this.#links) link.tick(now)
        this.#begin()
        this.places.save(now)
        this.#schedule()
    }

    #giveUp() {
        if (this.#links.every((each) => each.session.state === ENDED)) return
        this.log('warn', 'leaving with deliveries that have not ended')
        for (const link of this.#links) link.session.state = ENDED
    }

    #schedule() {
        clearTimeout(this.#timer)
        if (!this.#isWanted()) {
            this.#end()
            return
        }
        if (this.#isDue) return
        const hasRoom = this.#runs.size < this.capacity
        const times = this.#links.map((each) => each.due(hasRoom))
        const due = Math.min(this.#leaveBy, this.places.due(), ...times)
        const wait = Math.min(Math.max(0, due - performance.now()) + 1, TIMER_MOST_MS)
        //  A process that was stopped reads what waits before it judges: sockets come after timers.
        this.#timer = setTimeout(() => {
            this.#isDue = true
            setImmediate(() => {
                this.#isDue = false
                this.#turn()
            })
        }, wait)
    }

    /** Somebody is a member, or a broadcast that has begun is waited for. */
    #isWanted() {
        if (this.#links.some((each) => each.session.state !== ENDED)) return true
        return this.#runs.size > 0 && performance.now() < this.#leaveBy
    }

    #end() {
        this.places.save(performance.now(), true)
        for (const link of this.#links) link.close()
        this.#links = []
        for (const job of [...this.#jobs, ...this.#runs]) clearTimeout(job.timer)
        //  Nobody is told when the last words are out, and a process that exits takes them along.
        setTimeout(this.#ended, FAREWELL_MS)
    }

    //  ---- work

    /** Those that want no number of their own: they share our capacity. */
    #sharers() {
        return this.#links.filter((each) => !each.session.capacity)
    }

    /**
     * For a broker: what it wants, or an equal part of ours; but for what is taken by actions that
     * nobody waits for.
     */
    room(link) {
        const wanted = link.session.capacity
        const sharers = wanted ? [link] : this.#sharers()
        const members = sharers.filter((each) => each.session.state === MEMBER).length
        const begun = (some) => some.session.working().filter((each) => each.isBegun).length
        const inVain = sharers.reduce((sum, some) => sum + this.#jobsOf(some) - begun(some), 0)
        const free = (wanted || this.capacity) - inVain
        return Math.max(Math.floor(free / Math.max(1, members)), Math.min(free, 1))
    }

    #jobsOf(link) {
        let count = 0
        for (const job of this.#jobs) if (job.link === link) count++
        return count
    }

    #isFull(link) {
        if (link.session.capacity) return this.#jobsOf(link) >= link.session.capacity
        const taken = this.#sharers().reduce((sum, each) => sum + this.#jobsOf(each), 0)
        return taken >= this.capacity
    }

    #begin() {
        for (const link of this.#links)
            for (const held of link.session.waiting()) {
                if (this.#isFull(link)) break
                this.#beginOne(link, held)
            }
        this.#beginRuns()
    }

    #beginOne(link, held) {
        held.isBegun = true
        const { delivery, lease } = held
        delivery.tell = (percent, text) => {
            if (link.session.held.get(lease) !== held) return
            link.session.progress(held, percent, text, performance.now())
            this.#schedule()
        }
        this.#perform(this.#jobs, { link }, delivery, lease, (settlement, now) =>
            link.session.settle([[held, settlement]], now))
    }

    /** Broadcasts, as many at a time as deliveries. */
    #beginRuns() {
        const now = performance.now()
        for (const link of this.#links)
            while (this.#runs.size < this.capacity) {
                const delivery = link.feeds.begin(now)
                if (!delivery) break
                this.#perform(this.#runs, { link }, delivery, 0, (settlement, then) =>
                    link.feeds.finish(delivery, settlement, then))
            }
    }

    /** One attempt, which is among its like until it ends; one that is late settles before that. */
    #perform(those, job, delivery, lease, settle) {
        const beganMs = Date.now()
        const say = (ended) => {
            clearTimeout(job.timer)
            settle(settlementOf(lease, beganMs, ended), performance.now())
        }
        const late = () => {
            say({ problem: new Retry(`it took longer than ${delivery.timeoutMs} ms`) })
            delivery.over.abort()
            this.#turn()
        }
        job.timer = setTimeout(late, Math.min(delivery.timeoutMs, TIMER_MOST_MS))
        those.add(job)
        const perform = this.actions.get(delivery.action.name) ?? nobody
        const over = (ended) => {
            those.delete(job)
            say(ended)
            this.#turn()
        }
        void Promise.resolve()
            .then(() => perform(delivery))
            .then((result) => over({ result }), (problem) => over({ problem }))
    }
}
