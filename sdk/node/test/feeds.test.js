/** Broadcasts without sockets or clocks: what is told, asked for and performed. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Feeds, HELD_MOST } from '../src/feeds.js'
import { Places } from '../src/places.js'

const event = (seq) =>
    ({ id: `e${seq}`, type: 'a.b', subject: '/s', time: '2026-11-27T03:00:00Z', seq })

/** A worker with one session: it is the port, and keeps what is said. */
class Play {
    said = []
    topics = []
    words = []
    now = 100_000
    version = 1

    constructor(places = new Places()) {
        this.feeds = new Feeds(this, places)
        this.feeds.inSession(7, 1000, this.now)
        this.feeds.tick(this.now)
    }

    send(command, body) { this.said.push([command, body]) }
    connectFeed() { this.topics = [] }
    listenTo(topics) { this.topics.push(topics) }
    leave(topics) { this.topics = this.topics.filter((each) => each !== topics) }
    log(level, words) { this.words.push(words) }

    heard() {
        const commands = this.said.map(([command]) => command)
        this.last = this.said.at(-1)?.[1]
        this.said = []
        return commands
    }

    tick(ms = 0) {
        this.now += ms
        this.feeds.tick(this.now)
        return this.heard()
    }

    /** FEEDS; of several partitions where seqs, firsts and lasts are lists. */
    begin({ seqs = [0], lasts = [0], firsts = [1], id = 's', created_ms = 5, ...document } = {}) {
        const retry = { max_attempts: 2, schedule_ms: [500] }
        const told = JSON.stringify({ action: { name: 'a' }, retry, ...document })
        const feed = { subscription: id, version: this.version, created_ms, seqs, document: told }
        const body = { endpoint: 'tcp://x:1', feeds: [feed], firsts, lasts }
        this.feeds.hear('FEEDS', body, this.now)
        this.feeds.tick(this.now)
        return this
    }

    tell(seq, prev, { partition = 0, ...more } = {}) {
        const body = { subscription: 's', prev, event: { ...event(seq), partition, ...more } }
        this.feeds.hearEvent(body, this.now)
    }

    page(above, reached, first = 1) {
        const events = []
        for (let seq = Math.max(above + 1, first); seq <= reached; seq++) events.push(event(seq))
        const body = { subscription: 's', above, reached, first, events }
        this.feeds.hear('PAGE', body, this.now)
    }

    beat(seq, last) {
        const feeds = [{ subscription: 's', version: this.version, seqs: [seq] }]
        this.now += 1000
        this.feeds.hear('HEARTBEAT', { feeds, tells_feeds: true, lasts: [last] }, this.now)
        return this.tick()
    }

    /** All that may begin, one after the other. */
    perform(settlement = { outcome: 'ok' }) {
        const done = []
        for (let run; (run = this.feeds.begin(this.now));) {
            done.push(run.event.seq)
            this.feeds.finish(run, settlement, this.now)
        }
        return done
    }

    place() {
        return this.feeds.topics()[0].done
    }
}

test('listen is repeated until feeds come', () => {
    const play = new Play()
    assert.deepEqual(play.heard(), ['LISTEN'])
    assert.deepEqual(play.tick(900), [])
    assert.equal(play.feeds.due(true), play.now + 100)
    assert.deepEqual(play.tick(100), ['LISTEN'])
    play.begin()
    assert.deepEqual(play.tick(9000), [])
    assert.deepEqual(play.topics, ['s/'])
    assert.equal(play.feeds.due(true), Infinity)
})

test('what follows is performed in order and a repeat is not', () => {
    const play = new Play().begin()
    for (const [seq, prev] of [[1, 0], [3, 1], [3, 1], [2, 1], [7, 2]]) play.tell(seq, prev)
    assert.deepEqual(play.perform(), [1, 3, 7])
    assert.equal(play.place(), 7)
})

test('an action gets the event with its data, and what the document says', () => {
    const play = new Play().begin({ deliver: { url: 'u' }, retry: { timeout_ms: 70 } })
    play.tell(1, 0, { data: Buffer.from('{"a": 1}') })
    const run = play.feeds.begin(play.now)
    assert.deepEqual(run.event.json(), { a: 1 })
    assert.deepEqual([run.subscription, run.action.name, run.deliver.url], ['s', 'a', 'u'])
    assert.deepEqual([run.attempt, run.timeoutMs], [1, 70])
})

test('a gap is filled before what follows it', () => {
    const play = new Play().begin()
    play.heard()
    play.tell(1, 0)
    play.tell(4, 3)
    assert.deepEqual(play.heard(), ['CATCH_UP'])
    assert.deepEqual(play.last, { session: 7, subscription: 's', partition: 0, above: 1 })
    assert.deepEqual(play.perform(), [1])
    play.page(0, 3) // of another question
    assert.deepEqual(play.perform(), [])
    play.page(1, 4)
    assert.deepEqual(play.perform(), [2, 3, 4])
})

test('a question that is not answered is asked again, and a page without news waits', () => {
    const play = new Play().begin()
    play.heard()
    play.tell(2, 1)
    assert.deepEqual(play.heard(), ['CATCH_UP'])
    assert.equal(play.feeds.due(true), play.now + 3000)
    assert.deepEqual(play.tick(2999), [])
    assert.deepEqual(play.tick(1), ['CATCH_UP'])
    play.page(0, 0)
    assert.deepEqual(play.heard(), [])
    assert.equal(play.feeds.due(true), play.now + 1000)
    assert.deepEqual(play.tick(1000), ['CATCH_UP'])
})

test('a lost tail shows in the second heartbeat', () => {
    const play = new Play().begin()
    play.heard()
    assert.deepEqual(play.beat(3, 3), [])
    assert.deepEqual(play.beat(3, 3), ['CATCH_UP'])
    play.page(0, 3)
    assert.deepEqual(play.perform(), [1, 2, 3])
})

test('where nothing is lacking the place rises with the log', () => {
    const play = new Play().begin()
    play.beat(0, 40)
    assert.equal(play.place(), 40)
    play.tell(50, 30)
    assert.deepEqual(play.perform(), [50])
})

test('one that fails is tried again and then given up', () => {
    const play = new Play().begin()
    play.tell(1, 0)
    play.tell(2, 1)
    const again = { outcome: 'retry', error: 'busy' }
    assert.deepEqual(play.perform(again), [1])
    assert.equal(play.feeds.due(true), play.now + 500)
    assert.equal(play.feeds.due(false), Infinity)
    play.now += 600
    assert.deepEqual(play.perform(again), [1, 2])
    assert.equal(play.place(), 1)
    assert.deepEqual(play.words.at(-1), 's: e1 is given up: busy')
    play.now += 600
    assert.deepEqual(play.perform({ outcome: 'fail' }), [2])
    assert.equal(play.place(), 2)
})

test('an action that says when is not asked before, and without a schedule the wait doubles', () => {
    const retry = { min_backoff_ms: 100, max_backoff_ms: 150 }
    const play = new Play().begin({ retry })
    play.tell(1, 0)
    play.perform({ outcome: 'retry', retry_after_ms: 7000 })
    assert.equal(play.feeds.due(true), play.now + 7000)
    play.now += 7000
    play.perform({ outcome: 'retry' })
    assert.ok(play.feeds.due(true) <= play.now + 150)
})

test('what comes while there is no room is asked for later', () => {
    const play = new Play().begin()
    play.heard()
    for (let seq = 1; seq < HELD_MOST + 3; seq++) play.tell(seq, seq - 1)
    assert.deepEqual(play.heard(), [])
    assert.equal(play.perform().length, HELD_MOST)
    assert.deepEqual(play.tick(), ['CATCH_UP'])
    play.page(HELD_MOST, HELD_MOST + 2)
    assert.deepEqual(play.perform(), [HELD_MOST + 1, HELD_MOST + 2])
})

test('partitions are apart, and take turns', () => {
    const play = new Play().begin({ seqs: [0, 0], lasts: [0, 0], firsts: [1, 1] })
    for (const seq of [1, 2, 3]) play.tell(seq, seq - 1)
    for (const seq of [1, 2]) play.tell(seq, seq - 1, { partition: 1 })
    const order = []
    for (let run; (run = play.feeds.begin(play.now));) {
        order.push(run.event.partition)
        play.feeds.finish(run, { outcome: 'ok' }, play.now)
    }
    assert.deepEqual(order, [0, 1, 0, 1, 0])
    play.tell(1, 0)
    play.tell(3, 2, { partition: 1 })
    const [first, second] = [play.feeds.begin(play.now), play.feeds.begin(play.now)]
    assert.deepEqual([first.event.seq, second], [3, undefined])
})

test('a log that no longer reaches back is told', () => {
    const play = new Play().begin({ seqs: [9], lasts: [9], start: 'earliest' })
    play.page(0, 9, 6)
    assert.match(play.words.at(-1), /5 of the log are gone/)
    assert.deepEqual(play.perform(), [6, 7, 8, 9])
})

test('what is told faster than feeds is of the same log, and another log begins anew', () => {
    const play = new Play().begin()
    play.tell(1, 0)
    play.begin({ lasts: [0] }) // it was written before
    assert.deepEqual(play.perform(), [1])
    assert.equal(play.place(), 1)
    play.feeds.inSession(0, 1000, play.now)
    play.feeds.inSession(8, 1000, play.now)
    play.begin({ lasts: [0] })
    assert.equal(play.place(), 0)
})

test('between two sessions nothing is asked and nothing is due', () => {
    const play = new Play().begin()
    play.heard()
    play.tell(2, 1)
    assert.deepEqual(play.heard(), ['CATCH_UP'])
    play.feeds.inSession(0, 1000, play.now)
    assert.deepEqual([play.tick(9000), play.feeds.due(true)], [[], Infinity])
    play.feeds.inSession(8, 1000, play.now)
    assert.deepEqual(play.tick(), ['LISTEN'])
    assert.equal(play.feeds.due(true), play.now + 1000)
    play.begin({ seqs: [2], lasts: [2] })
    assert.deepEqual([play.heard(), play.topics], [['CATCH_UP'], ['s/']])
})

test('one that is paused begins nothing', () => {
    const play = new Play().begin()
    play.tell(1, 0)
    play.version = 2
    play.begin({ paused: true })
    assert.deepEqual(play.perform(), [])
    play.version = 3
    play.heard()
    assert.deepEqual(play.beat(1, 1), ['LISTEN'])
    play.begin()
    assert.deepEqual(play.perform(), [1])
})

test('one that is gone, or another of its name, ends what it has begun', () => {
    const play = new Play().begin()
    play.tell(1, 0)
    const first = play.feeds.begin(play.now)
    play.begin({ created_ms: 6 })
    assert.ok(first.signal.aborted)
    play.tell(1, 0)
    const second = play.feeds.begin(play.now)
    play.feeds.finish(first, { outcome: 'ok' }, play.now)
    assert.equal(play.place(), 0)
    play.feeds.hear('HEARTBEAT', { tells_feeds: true, lasts: [1] }, play.now)
    assert.deepEqual([second.signal.aborted, play.topics], [true, []])
})

test('a worker that stops begins nothing and asks nothing', () => {
    const play = new Play().begin()
    play.tell(1, 0)
    const run = play.feeds.begin(play.now)
    play.tell(2, 1)
    play.heard()
    play.feeds.stop()
    play.tell(9, 8)
    play.feeds.finish(run, { outcome: 'ok' }, play.now)
    assert.deepEqual([play.perform(), play.heard(), play.place()], [[], [], 1])
})
