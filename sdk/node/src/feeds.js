/**
 * feeds - broadcasts of one broker as a worker sees them: section 6.10 of PROTOCOL.md, without
 * sockets or clocks. Every event that a subscription matches is performed, in the order of the log.
 *
 * The port: send(command, body), in the session of the moment, whose answer may not come;
 * connectFeed(endpoint), a new SUB, as the broker has bound it, instead of the old one;
 * listenTo(topics), all that begin so, on that SUB, and leave(topics), no more; log(level, words).
 */

import { Delivery, objectOf } from './delivery.js'

export const HELD_MOST = 1024 // events of a subscription in a partition; what comes beyond is a gap
const SILENCE = 3 // intervals, until a question that was not answered is asked again
const RETRY = { max_attempts: 12, min_backoff_ms: 1000, max_backoff_ms: 3_600_000 }
const TIMEOUT_MS = 15_000

/** A subscription in a partition. */
class Topic {
    held = [] // events as they came; the first is the next to be done
    lacking = 0 // a seq that was told and is not here
    suspect = 0 // one that the last heartbeat told of; it may still be on its way
    attempts = 0 // of the first held one
    dueAt = 0 // when it may be tried again
    /** @type {Delivery|undefined} */
    run = undefined
    turn = 0 // of the last attempt: who has waited longest goes first
    sure = 0 // known when this session began: a log that ends before is another; 0: it is not

    constructor(feed, partition, place, places) {
        this.feed = feed
        this.partition = partition
        this.done = place // up to this seq all is performed
        this.known = place // up to this seq all that there is of it is performed or held
        this.places = places
        this.settlePlace()
    }

    needsMore() {
        return this.lacking > this.known
    }

    /** Whether a page of what is lacking would find room. */
    mayAsk() {
        return this.needsMore() && this.held.length <= HELD_MOST / 2
    }

    /** Whether there is one to begin with, now or when it is due. */
    mayBegin() {
        return this.held.length > 0 && !this.run && this.feed.goes()
    }

    /** Nothing of it lies between what is known and this end of the log. */
    rise(last) {
        if (this.needsMore()) return
        this.known = Math.max(this.known, last)
        this.settlePlace()
    }

    settlePlace() {
        this.done = this.held.length ? this.held[0].seq - 1 : this.known
        this.places.note(this.feed.key, this.partition, this.done)
    }

    hold(event) {
        //  The frame it came in, perhaps a page of megabytes, is not kept.
        this.held.push({ ...event, data: Buffer.from(event.data ?? []) })
        this.known = event.seq
    }

    endFirst() {
        this.held.shift()
        this.attempts = 0
        this.dueAt = 0
        this.settlePlace()
    }
}

/** A broadcast subscription. Another one of its name is another feed. */
class Feed {
    /** @type {Map<number, Topic>} by partition */
    topics = new Map()
    version = 0
    document = {}

    constructor(id, createdMs) {
        this.id = id
        this.createdMs = createdMs
        this.key = `${id} ${createdMs}`
    }

    goes() {
        return !this.document.paused && !this.document.disabled
    }

    delivery(event, attempt) {
        const { action, deliver, retry } = this.document
        return new Delivery({ event, attempt }, {
            subscription: this.id,
            action: objectOf(action),
            deliver: objectOf(deliver),
            timeout_ms: objectOf(retry).timeout_ms ?? TIMEOUT_MS,
        })
    }
}

export class Feeds {
    /** @type {Map<string, Feed>} by subscription */
    #feeds = new Map()
    #session = 0
    #interval = 1000
    #isListening = false // FEEDS has come in this session
    #listenAt = Infinity // Infinity: all is known
    #listenedAt = -Infinity
    /** @type {Topic|undefined} */
    #asked = undefined
    #askedAt = 0
    #askAt = 0
    #isStopping = false
    #turns = 0

    constructor(port, places) {
        this.port = port
        this.places = places
    }

    topics() {
        return [...this.#feeds.values()].flatMap((feed) => [...feed.topics.values()])
    }

    /** The session of the moment; 0: it is lost, or there is none yet. */
    inSession(session, interval, now) {
        if (session === this.#session) return
        this.#session = session
        this.#interval = interval
        this.#isListening = false
        this.#asked = undefined
        this.#listenAt = session ? now : Infinity
        this.#listenedAt = -Infinity
        for (const topic of this.topics()) topic.sure = topic.known
    }

    /** Begins nothing more. */
    stop() {
        this.#isStopping = true
    }

    //  ---- time

    /** When there is something to do; hasRoom: whether an attempt could begin. */
    due(hasRoom) {
        if (!this.#session || this.#isStopping) return Infinity
        const times = [Math.max(this.#listenAt, this.#listenedAt + this.#interval)]
        if (this.#asked) times.push(this.#askedAt + SILENCE * this.#interval)
        else if (this.#isListening && this.topics().some((each) => each.mayAsk()))
            times.push(this.#askAt)
        if (hasRoom)
            for (const topic of this.topics()) if (topic.mayBegin()) times.push(topic.dueAt)
        return Math.min(...times)
    }

    tick(now) {
        if (!this.#session || this.#isStopping) return
        if (now >= this.#listenAt && now >= this.#listenedAt + this.#interval) {
            this.#listenedAt = now
            this.#say('LISTEN', {})
        }
        if (this.#asked && now >= this.#askedAt + SILENCE * this.#interval) this.#asked = undefined
        if (this.#isListening && !this.#asked && now >= this.#askAt) this.#ask(now)
    }

    #say(command, body) {
        this.port.send(command, { session: this.#session, ...body })
    }

    #ask(now) {
        const topic = this.topics().find((each) => each.mayAsk())
        if (!topic) return
        this.#asked = topic
        this.#askedAt = now
        const { feed, partition, known } = topic
        this.#say('CATCH_UP', { subscription: feed.id, partition, above: known })
    }

    //  ---- what comes

    /** What the broker says of feeds in its session. */
    hear(command, body, now) {
        if (command === 'FEEDS') this.#hearFeeds(body)
        else if (command === 'PAGE') this.#hearPage(body, now)
        else if (command === 'HEARTBEAT' && body.tells_feeds) this.#hearHeartbeat(body, now)
    }

    #hearFeeds(body) {
        this.#listenAt = Infinity
        if (!this.#isListening && body.endpoint) {
            this.#isListening = true
            this.port.connectFeed(body.endpoint)
            for (const id of this.#feeds.keys()) this.port.listenTo(`${id}/`)
        }
        for (const told of body.feeds ?? []) this.#learn(told, body.firsts, body.lasts)
    }

    #learn(told, firsts, lasts) {
        const feed = this.#feedOf(told.subscription, told.created_ms ?? 0)
        feed.version = told.version
        feed.document = this.#read(told)
        const partitions = Math.min(firsts.length, lasts.length)
        for (let partition = 0; partition < partitions; partition++) {
            const last = lasts[partition]
            const topic = this.#topicOf(feed, partition, firsts[partition], last)
            topic.lacking = Math.max(topic.lacking, told.seqs[partition] ?? 0)
            topic.rise(last)
        }
    }

    #read(told) {
        try {
            return objectOf(JSON.parse(told.document ?? ''))
        } catch {
            this.port.log('warn', `the broadcast ${told.subscription} cannot be read`)
            return {}
        }
    }

    #feedOf(id, createdMs) {
        const known = this.#feeds.get(id)
        if (known?.createdMs === createdMs) return known
        if (known) this.#forget(known)
        const feed = new Feed(id, createdMs)
        this.#feeds.set(id, feed)
        this.port.listenTo(`${id}/`)
        this.port.log('info', `listens to broadcast subscription ${id}`)
        return feed
    }

    #topicOf(feed, partition, first, last) {
        const known = feed.topics.get(partition)
        if (known && known.sure <= last) {
            known.sure = 0
            return known
        }
        if (known) this.#abandon(known)
        let place = this.places.find(feed.key, partition)
        if (place === undefined) {
            place = feed.document.start === 'earliest' ? Math.max(first - 1, 0) : last
        } else if (place > last) {
            const words = `${feed.id}: the log ends at ${last}, before ${place}: another one`
            this.port.log('warn', words)
            place = last
        }
        const topic = new Topic(feed, partition, place, this.places)
        feed.topics.set(partition, topic)
        return topic
    }

    #forget(feed) {
        this.port.leave(`${feed.id}/`)
        for (const topic of feed.topics.values()) this.#abandon(topic)
        this.#feeds.delete(feed.id)
    }

    #abandon(topic) {
        if (this.#asked === topic) this.#asked = undefined
        topic.run?.over.abort()
    }

    #hearHeartbeat(body, now) {
        const told = new Map((body.feeds ?? []).map((each) => [each.subscription, each]))
        for (const feed of [...this.#feeds.values()]) if (!told.has(feed.id)) this.#forget(feed)
        for (const [id, entry] of told) {
            const feed = this.#feeds.get(id)
            if (feed?.version !== entry.version) this.#listenAt = now
            for (const topic of feed?.topics.values() ?? [])
                this.#hearEnds(topic, entry.seqs, body.lasts ?? [])
        }
    }

    /** A tail that is not here is lost if it was told of by the heartbeat before, too. */
    #hearEnds(topic, seqs, lasts) {
        const seq = seqs[topic.partition] ?? 0
        if (topic.suspect > topic.known) topic.lacking = Math.max(topic.lacking, topic.suspect)
        topic.suspect = seq
        if (seq <= topic.known && topic.partition < lasts.length) topic.rise(lasts[topic.partition])
    }

    /** A message of the feed. */
    hearEvent({ subscription = '', prev = 0, event }, now) {
        const { partition = 0, seq = 0 } = event
        const topic = this.#feeds.get(subscription)?.topics.get(partition)
        if (!topic || seq <= topic.known) return
        if (prev <= topic.known && topic.held.length < HELD_MOST) {
            topic.hold(event)
        } else {
            topic.lacking = Math.max(topic.lacking, seq)
            this.tick(now)
        }
    }

    #isAnswer(topic, { subscription, partition = 0, above = 0 }) {
        return topic?.feed.id === subscription && topic.partition === partition
            && topic.known === above
    }

    #hearPage(body, now) {
        const topic = this.#asked
        if (!this.#isAnswer(topic, body)) return
        this.#asked = undefined
        const { above = 0, reached = 0, first = 0, events = [] } = body
        if (first > above + 1) {
            const missed = first - 1 - above
            const words = `${missed} of the log are gone that were not performed`
            this.port.log('warn', `${topic.feed.id}: ${words}`)
            topic.known = first - 1
        }
        for (const event of events)
            if (event.seq > topic.known && topic.held.length < HELD_MOST) topic.hold(event)
        if (topic.held.length < HELD_MOST) topic.known = Math.max(topic.known, reached)
        if (!topic.held.length) topic.settlePlace()
        this.#askAt = topic.known > above ? now : now + this.#interval
        this.tick(now)
    }

    //  ---- work

    /** The next attempt, if there is one; finish() is owed. */
    begin(now) {
        if (this.#isStopping) return undefined
        const some = this.topics().filter((each) => each.mayBegin() && now >= each.dueAt)
        if (!some.length) return undefined
        const topic = some.reduce((a, b) => (b.turn < a.turn ? b : a))
        topic.turn = ++this.#turns
        topic.run = topic.feed.delivery(topic.held[0], topic.attempts + 1)
        return topic.run
    }

    finish(run, settlement, now) {
        const topic = this.topics().find((each) => each.run === run)
        if (!topic) return // its feed has gone, or it was late
        topic.run = undefined
        topic.attempts++
        if (settlement.outcome === 'ok') topic.endFirst()
        else this.#fail(topic, settlement, now)
    }

    #fail(topic, settlement, now) {
        const policy = { ...RETRY, ...objectOf(topic.feed.document.retry) }
        if (settlement.outcome === 'fail' || topic.attempts >= policy.max_attempts) {
            const given = `${topic.feed.id}: ${topic.held[0].id} is given up`
            this.port.log('warn', `${given}: ${settlement.error ?? ''}`)
            topic.endFirst()
            return
        }
        const waitMs = backoffMs(policy, topic.attempts)
        topic.dueAt = now + Math.max(waitMs, settlement.retry_after_ms ?? 0)
    }
}

/** After so many attempts: by the schedule, or at random up to a bound that doubles. */
function backoffMs({ schedule_ms: schedule = [], min_backoff_ms, max_backoff_ms }, attempts) {
    if (schedule.length) return schedule[Math.min(attempts, schedule.length) - 1]
    const longest = Math.min(min_backoff_ms * 2 ** Math.min(attempts - 1, 40), max_backoff_ms)
    return Math.random() * longest
}
