/** Transcripts of a session: what comes and what time it is, and what is said then. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session } from '../src/session.js'
import { pack } from '../src/msgpack.js'
import { COMMANDS, DATA_BYTES } from '../src/wire.js'

const EVENT = {
    id: 'e1', type: 'a.b', subject: '/s', time: '2026-11-24T03:00:00Z',
    partition: 0, seq: 1, accepted_ms: 1,
}

/** A session without a network: it is the port, and keeps what is said. */
class Play {
    said = []
    sockets = 1
    abandoned = []
    told = [] // of feeds
    now = 1000

    constructor(most = 4) {
        this.most = most
        this.session = new Session(this, { name: 'w', actions: ['a'], capacity: most }, this.now)
    }

    send(command, body) { this.said.push([command, body]) }
    renew() { this.sockets++ }
    performs(action) { return action === 'a' }
    room() { return this.most }
    abandon(held) { this.abandoned.push(held.lease) }
    tellFeeds(command) { this.told.push(command) }
    log() {}

    #heard() {
        const commands = this.said.map(([command]) => command)
        this.last = Object.fromEntries(this.said)
        this.said = []
        return commands
    }

    tick(ms = 0) {
        this.now += ms
        this.session.tick(this.now)
        return this.#heard()
    }

    hear(command, body) {
        this.session.hear([Buffer.from([1, COMMANDS[command]]), pack(body)], this.now)
        return this.#heard()
    }

    join() {
        this.tick()
        assert.deepEqual(this.hear('WELCOME', { session: 7, heartbeat_ms: 1000 }), ['CREDIT'])
        return this
    }

    deliver(number, { deadline_ms = 60_000, action = 'a', phase = 'post' } = {}) {
        const deliver = JSON.stringify({ action: { name: action } })
        const target = { subscription: 's', version: 1, deliver, timeout_ms: 1000 }
        const event = { ...EVENT, phase }
        const each = { lease: 100 + number, number, attempt: 1, deadline_ms, target: 0, event }
        return this.hear('DELIVER', { session: 7, targets: [target], deliveries: [each] })
    }

    begin(lease) {
        this.session.held.get(lease).isBegun = true
    }

    finish(lease) {
        return this.end(this.session.held.get(lease))
    }

    end(held, outcome = 'ok') {
        this.session.settle([[held, { lease: held.lease, outcome }]], this.now)
        return this.#heard()
    }

    /** These have come and begun. */
    work(...numbers) {
        for (const number of numbers) {
            this.deliver(number)
            this.begin(100 + number)
        }
        return numbers.map((number) => this.session.held.get(100 + number))
    }

    lose() {
        assert.deepEqual(this.hear('RESET', {}), [])
        return this
    }

    joinAgain(session, more = {}) {
        assert.deepEqual(this.tick(1000), ['HELLO'])
        return this.hear('WELCOME', { session, heartbeat_ms: 1000, ...more })
    }

    /** The leases of the last SETTLE. */
    settled() {
        return this.last.SETTLE.settlements.map((each) => each.lease)
    }

    leave() {
        this.session.leave(this.now)
        return this.#heard()
    }
}

test('hello is repeated, and the fourth goes by a new socket', () => {
    const play = new Play()
    assert.deepEqual(play.tick(), ['HELLO'])
    assert.deepEqual(play.tick(10), [])
    assert.deepEqual(play.tick(100), ['HELLO'])
    assert.deepEqual(play.tick(200), ['HELLO'])
    assert.equal(play.sockets, 1)
    assert.deepEqual(play.tick(400), ['HELLO'])
    assert.equal(play.sockets, 2)
})

test('a delivery is listed until it is settled', () => {
    const play = new Play().join()
    assert.deepEqual(play.deliver(1), [])
    play.begin(101)
    assert.deepEqual(play.tick(1000), ['HEARTBEAT', 'CREDIT'])
    assert.deepEqual(play.last.HEARTBEAT.begun, [101])
    assert.deepEqual(play.finish(101), ['SETTLE', 'CREDIT'])
    play.hear('HEARTBEAT', { session: 7 })
    play.tick(1000)
    assert.deepEqual([play.last.HEARTBEAT.leases, play.last.HEARTBEAT.begun], [[101], []])
    assert.deepEqual(play.tick(1000), ['HEARTBEAT', 'CREDIT', 'SETTLE'])
    play.hear('SETTLED', { session: 7, leases: [101] })
    play.tick(1000)
    assert.deepEqual(play.last.HEARTBEAT.leases, [])
})

test('what is cancelled is given back and abandoned, and what has ended is not', () => {
    const play = new Play().join()
    for (const number of [1, 2, 3]) play.deliver(number)
    play.begin(101)
    play.begin(102)
    play.finish(101)
    assert.ok(play.hear('CANCEL', { session: 7, leases: [101, 102, 103, 999] }).includes('RELEASE'))
    assert.deepEqual(play.last.RELEASE.leases, [102, 103])
    assert.deepEqual(play.abandoned, [102])
    assert.deepEqual([...play.session.held.keys()], [101])
})

test('of what is said on progress the last word of each second goes out', () => {
    const play = new Play().join()
    play.deliver(1)
    play.begin(101)
    const held = play.session.held.get(101)
    play.session.progress(held, 1, 'a', play.now)
    play.session.progress(held, 2, 'b', play.now)
    play.session.progress(held, 3, '', play.now)
    assert.deepEqual(play.tick(), ['PROGRESS'])
    assert.deepEqual(play.last.PROGRESS, { session: 7, lease: 101, percent: 1, text: 'a' })
    assert.ok(play.session.due() <= play.now + 1000)
    assert.ok(play.tick(1000).includes('PROGRESS'))
    assert.deepEqual(play.last.PROGRESS, { session: 7, lease: 101, percent: 3 })
    play.session.progress(held, 0, 'c', play.now)
    play.finish(101)
    assert.ok(!play.tick(1000).includes('PROGRESS'))
})

test('skipped numbers are granted again, with the most data that they can have had', () => {
    const play = new Play().join()
    const before = play.last.CREDIT
    assert.deepEqual(play.deliver(3), ['CREDIT'])
    assert.equal(play.last.CREDIT.deliveries_granted, 6)
    assert.equal(play.last.CREDIT.bytes_granted, before.bytes_granted + 2 * DATA_BYTES)
})

test('a lost tail is known at the second heartbeat', () => {
    const play = new Play().join()
    assert.deepEqual(play.hear('HEARTBEAT', { session: 7, received: 3 }), [])
    assert.deepEqual(play.hear('HEARTBEAT', { session: 7, received: 4 }), ['CREDIT'])
    assert.equal(play.last.CREDIT.deliveries_granted, 7)
})

test('what cannot end in time or is nobody\'s here is released', () => {
    const play = new Play().join()
    assert.deepEqual(play.deliver(1, { deadline_ms: 500 }), ['RELEASE', 'CREDIT'])
    assert.deepEqual(play.deliver(2, { action: 'b' }), ['RELEASE', 'CREDIT'])
})

test('a question may begin until its deadline', () => {
    const play = new Play().join()
    assert.deepEqual(play.deliver(1, { deadline_ms: 900, phase: 'pre' }), [])
    assert.ok(play.session.held.get(101).delivery.isQuestion)
    play.hear('HEARTBEAT', { session: 7 })
    assert.ok(!play.tick(800).includes('RELEASE'))
    assert.ok(play.tick(200).includes('RELEASE'))
})

test('what is said of broadcasts is told, and belongs to a session', () => {
    const play = new Play()
    assert.equal(play.session.number, 0)
    play.join()
    assert.equal(play.session.number, 7)
    play.hear('HEARTBEAT', { session: 7, tells_feeds: true, lasts: [1] })
    play.hear('FEEDS', { session: 7, firsts: [1], lasts: [1] })
    play.hear('PAGE', { session: 7, subscription: 's' })
    play.hear('PAGE', { session: 8, subscription: 's' })
    assert.deepEqual(play.told, ['HEARTBEAT', 'FEEDS', 'PAGE'])
    play.leave()
    assert.equal(play.session.number, 0)
})

test('reset drops everything and joins again later', () => {
    const play = new Play().join()
    play.deliver(1)
    play.begin(101)
    assert.deepEqual(play.hear('RESET', { session: 8 }), [])
    assert.deepEqual(play.hear('RESET', {}), [])
    assert.deepEqual([play.session.state, play.sockets, play.abandoned], ['stranger', 2, [101]])
    assert.deepEqual(play.tick(1000), ['HELLO'])
})

test('a bye that says why is the end of the session, and hello has time', () => {
    const play = new Play().join()
    play.deliver(1)
    play.begin(101)
    assert.deepEqual(play.hear('BYE', { status: 'SHUNNED', text: '100 wrong messages' }), [])
    assert.deepEqual([play.session.state, play.sockets, play.abandoned], ['stranger', 2, [101]])
    assert.deepEqual(play.tick(900), [])
    assert.deepEqual(play.tick(4200), ['HELLO'])
})

test('silence of the broker or of oneself loses the session', () => {
    const play = new Play().join()
    for (let beat = 0; beat < 3; beat++) play.tick(1000)
    assert.equal(play.session.state, 'member')
    play.tick(1)
    assert.equal(play.session.state, 'stranger')

    const stopped = new Play().join()
    stopped.now += 3001
    assert.deepEqual(stopped.hear('HEARTBEAT', { session: 7 }), [])
    assert.equal(stopped.session.state, 'stranger')
})

test('the broker\'s bye releases what has not begun, and grants nothing more', () => {
    const play = new Play().join()
    play.deliver(1)
    play.deliver(2)
    play.begin(101)
    assert.deepEqual(play.hear('BYE', { session: 7 }), ['RELEASE'])
    assert.deepEqual(play.last.RELEASE.leases, [102])
    assert.deepEqual(play.finish(101), ['SETTLE'])
})

test('leaving waits until all is settled', () => {
    const play = new Play().join()
    play.deliver(1)
    play.begin(101)
    assert.deepEqual(play.leave(), ['BYE'])
    assert.deepEqual(play.tick(1000), ['HEARTBEAT', 'CREDIT', 'BYE'])
    assert.deepEqual(play.finish(101), ['SETTLE'])
    play.hear('SETTLED', { session: 7, leases: [101] })
    assert.equal(play.session.state, 'ended')
})

test('a smaller capacity gives back what it has no room for', () => {
    const play = new Play().join()
    play.deliver(1)
    play.begin(101)
    play.deliver(2)
    play.most = 1
    const said = play.hear('WELCOME', { session: 7, heartbeat_ms: 1000, capacity: 1 })
    assert.deepEqual(said, ['RELEASE'])
    assert.deepEqual(play.last.RELEASE.leases, [102])
    assert.deepEqual(play.deliver(3), ['RELEASE']) // by credit that was given before
    assert.deepEqual(play.last.RELEASE.leases, [103])
    play.tick(1000)
    assert.equal(play.last.HEARTBEAT.capacity, 1)
    play.finish(101)
    assert.deepEqual(play.deliver(4), [])
    assert.ok(play.session.held.has(104))
})

test('a larger capacity is granted at once and ends with the session', () => {
    const play = new Play().join()
    play.most = 6
    const welcome = { session: 7, heartbeat_ms: 1000, capacity: 6 }
    assert.deepEqual(play.hear('WELCOME', welcome), ['CREDIT'])
    assert.equal(play.last.CREDIT.deliveries_granted, 6)
    assert.deepEqual(play.hear('WELCOME', welcome), [])
    play.tick(1000)
    assert.equal(play.last.HEARTBEAT.capacity, 6)
    play.hear('RESET', {})
    play.tick(1000)
    play.hear('WELCOME', { session: 8, heartbeat_ms: 1000 })
    play.tick(1000)
    assert.equal(play.last.HEARTBEAT.capacity, 4)
})

test('what went well and was not settled is said in the next session, before credit', () => {
    const play = new Play().join()
    const [first, second, badly, late] = play.work(1, 2, 3, 4)
    play.end(first)
    play.end(second)
    play.end(badly, 'retry')
    play.lose()
    assert.deepEqual(play.abandoned, [104])
    assert.deepEqual(play.end(late), [])
    assert.deepEqual(play.joinAgain(8, { former: 7 }), ['SETTLE', 'CREDIT'])
    assert.equal(play.last.SETTLE.session, 8)
    assert.deepEqual(play.settled(), [101, 102])
    assert.equal(play.last.CREDIT.deliveries_granted, 4)
    play.hear('SETTLED', { session: 8, leases: [101] })
    assert.deepEqual(play.tick(1000), ['HEARTBEAT', 'CREDIT'])
    assert.deepEqual(play.last.HEARTBEAT.leases, [102])
    assert.ok(play.tick(1000).includes('SETTLE'))
    assert.deepEqual(play.settled(), [102])
    play.hear('SETTLED', { session: 8, leases: [102] })
    play.tick(1000)
    assert.deepEqual(play.last.HEARTBEAT.leases, [])
})

test('hello names the session before each time, also one that no double holds', () => {
    const play = new Play()
    play.tick()
    assert.ok(!('former' in play.last.HELLO))
    play.hear('WELCOME', { session: 7, heartbeat_ms: 1000 })
    play.lose()
    for (let hello = 0; hello < 2; hello++) {
        assert.deepEqual(play.tick(1000), ['HELLO'])
        assert.deepEqual(play.last.HELLO, { name: 'w', actions: ['a'], capacity: 4, former: 7 })
    }
    const large = (1n << 63n) - 1n
    play.hear('WELCOME', { session: large, heartbeat_ms: 1000 })
    const event = { ...EVENT }
    const deliver = '{"action": {"name": "a"}}'
    const target = { subscription: 's', version: 1, deliver, timeout_ms: 1000 }
    const each = { lease: 101, number: 1, attempt: 1, deadline_ms: 60_000, target: 0, event }
    play.hear('DELIVER', { session: large, targets: [target], deliveries: [each] })
    play.begin(101)
    play.finish(101)
    play.lose()
    assert.deepEqual(play.joinAgain(8, { former: large }), ['SETTLE', 'CREDIT'])
    assert.deepEqual(play.settled(), [101])
})

test('of an attempt that ends after its session was lost nothing is said', () => {
    const play = new Play().join()
    const [stranger, member, badly] = play.work(1, 2, 3)
    play.lose()
    assert.deepEqual(play.end(stranger), [])
    assert.deepEqual(play.joinAgain(8, { former: 7 }), ['CREDIT'])
    assert.deepEqual(play.end(member), [])
    assert.deepEqual(play.end(badly, 'retry'), [])
    assert.deepEqual(play.tick(1000), ['HEARTBEAT', 'CREDIT'])
    assert.deepEqual(play.last.HEARTBEAT.leases, [])
    play.lose()
    assert.deepEqual(play.joinAgain(9, { former: 8 }), ['CREDIT'])
})

for (const named of [{}, { former: 6 }])
    test(`where welcome has ${JSON.stringify(named)} nothing of another session is said`, () => {
        const play = new Play().join()
        const [well, late] = play.work(1, 2)
        play.end(well)
        play.lose()
        assert.deepEqual(play.joinAgain(8, named), ['CREDIT'])
        assert.deepEqual(play.end(late), [])
        assert.equal(play.session.held.size, 0)
    })

test('nothing is kept for longer than one session', () => {
    const play = new Play().join()
    const [said, unsaid] = play.work(1, 2)
    play.end(said)
    play.lose()
    assert.deepEqual(play.joinAgain(8, { former: 7 }), ['SETTLE', 'CREDIT'])
    play.lose()
    assert.deepEqual(play.end(unsaid), [])
    assert.deepEqual(play.joinAgain(9, { former: 8 }), ['CREDIT'])
    assert.equal(play.session.held.size, 0)
})

test('what was cancelled is not said later', () => {
    const play = new Play().join()
    const [held] = play.work(1)
    play.hear('CANCEL', { session: 7, leases: [101] })
    play.lose()
    assert.deepEqual(play.end(held), [])
    assert.deepEqual(play.joinAgain(8, { former: 7 }), ['CREDIT'])
})

test('who leaves keeps nothing', () => {
    const play = new Play().join()
    const [said, unsaid] = play.work(1, 2)
    play.end(said)
    play.leave()
    play.lose()
    assert.equal(play.session.state, 'ended')
    assert.deepEqual(play.end(unsaid), [])
    assert.deepEqual(play.tick(1000), [])

    const other = new Play().join()
    const [late] = other.work(1)
    other.lose()
    other.joinAgain(8, { former: 7 })
    assert.deepEqual(other.leave(), ['BYE'])
    assert.equal(other.session.state, 'ended')
    assert.deepEqual(other.end(late), [])
})

test('a session that was lost by silence or another welcome leaves its outcomes, too', () => {
    const play = new Play().join()
    play.end(...play.work(1))
    play.tick(3100)
    assert.deepEqual(play.joinAgain(8, { former: 7 }), ['SETTLE', 'CREDIT'])
    assert.deepEqual(play.settled(), [101])

    const other = new Play().join()
    other.end(...other.work(1))
    other.hear('WELCOME', { session: 8, heartbeat_ms: 1000 })
    assert.deepEqual(other.joinAgain(9, { former: 7 }), ['SETTLE', 'CREDIT'])
    assert.deepEqual(other.settled(), [101])
})
