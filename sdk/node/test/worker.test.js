/** A whole worker that listens, over sockets: a small broker tells it of a broadcast. */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Router, XPublisher } from 'zeromq'
import { Worker } from '../src/index.js'
import { unpack } from '../src/msgpack.js'
import { COMMANDS, encode } from '../src/wire.js'

const NAMES = Object.fromEntries(Object.entries(COMMANDS).map(([name, octet]) => [octet, name]))

class Broker {
    said = [] // commands of the worker
    granted = 0 // deliveries, in this session
    session = 0
    #wanted = []

    async open() {
        this.router = new Router({ linger: 0 })
        this.feed = new XPublisher({ linger: 0 })
        await this.router.bind('tcp://127.0.0.1:*')
        await this.feed.bind('tcp://127.0.0.1:*')
        void this.#read()
        return this
    }

    async #read() {
        for await (const [peer, head, packed] of this.router) {
            const command = NAMES[head[1]]
            const body = Object.fromEntries(unpack(packed))
            this.peer = peer
            this.said.push(command)
            if (command === 'HELLO') this.#welcome(body.former ?? 0)
            if (command === 'CREDIT') this.granted = body.deliveries_granted
            this.#wanted.filter((each) => each.command === command).forEach((each) => each.resolve())
        }
    }

    /** Into a session of its own; it remembers every one. */
    #welcome(former) {
        this.session++
        void this.say('WELCOME', { heartbeat_ms: 1000, ...(former && { former }) })
    }

    /** The next one. */
    heard(command) {
        return new Promise((resolve) => this.#wanted.push({ command, resolve }))
    }

    say(command, body) {
        return this.router.send([this.peer, ...encode(command, { session: this.session, ...body })])
    }

    /** Tells of the broadcast s, and waits until it is listened to. */
    async begin(retry = {}) {
        const document = JSON.stringify({ action: { name: 'a' }, retry })
        const feeds = [{ subscription: 's', version: 1, created_ms: 5, seqs: [0], document }]
        await this.say('FEEDS', { endpoint: this.feed.lastEndpoint, feeds, firsts: [1], lasts: [0] })
        assert.equal((await this.feed.receive()).toString(), '\x01s/')
    }

    tell(seq) {
        const event = { id: `e${seq}`, type: 'a.b', subject: '/s', time: '2026-11-27T03:00:00Z', seq }
        const told = { subscription: 's', prev: seq - 1, event }
        return this.feed.send(['s/a.b', ...encode('FEED', told)])
    }

    deliver(number, type) {
        const deliver = '{"action": {"name": "a"}}'
        const targets = [{ subscription: 's', version: 1, deliver, timeout_ms: 10_000 }]
        const event = { id: `e${number}`, type, subject: '/s', time: '2026-11-27T03:00:00Z' }
        const told = { lease: 100 + number, number, attempt: 1, deadline_ms: 60_000, target: 0, event }
        return this.say('DELIVER', { targets, deliveries: [told] })
    }

    close() {
        this.router.close()
        this.feed.close()
    }
}

/** With a broker, and a directory of its own. */
function withBroker(play) {
    return async () => {
        const directory = mkdtempSync(join(tmpdir(), 'tocsin-worker-'))
        const broker = await new Broker().open()
        try {
            await play(broker, join(directory, 'places.json'))
        } finally {
            broker.close()
            rmSync(directory, { recursive: true })
        }
    }
}

const start = (broker, options, perform) => {
    const log = {}
    const worker = new Worker(broker.router.lastEndpoint, { capacity: 1, log, ...options })
    worker.action('a', perform)
    const life = worker.start()
    return { stop: () => Promise.all([worker.stop(), life]) }
}

test('a worker that leaves ends the broadcast it has begun, begins no other, and keeps its place', withBroker(async (broker, places) => {
    const begun = []
    let end
    const listens = broker.heard('LISTEN')
    let hasBegun
    const begins = new Promise((resolve) => { hasBegun = resolve })
    const worker = start(broker, { places }, ({ event }) => {
        begun.push(event.id)
        hasBegun()
        return new Promise((resolve) => { end = resolve })
    })
    await listens
    await broker.begin()
    await broker.tell(1)
    await broker.tell(2)
    await begins
    const leaves = broker.heard('BYE')
    const left = worker.stop()
    await leaves
    let hasEnded = false
    setTimeout(() => { hasEnded = true; end() }, 500) // longer than its last words may take
    await left
    assert.ok(hasEnded)
    assert.deepEqual(begun, ['e1'])
    assert.deepEqual(JSON.parse(readFileSync(places, 'utf8')), { 's 5 0': 1 })
}))

test('a broadcast that takes too long is aborted and tried again', withBroker(async (broker) => {
    const attempts = []
    let succeed
    const succeeds = new Promise((resolve) => { succeed = resolve })
    const listens = broker.heard('LISTEN')
    const worker = start(broker, {}, ({ attempt, signal }) => {
        attempts.push(attempt)
        if (attempt > 1) return succeed()
        return new Promise((resolve, reject) => signal.addEventListener('abort', reject))
    })
    await listens
    await broker.begin({ timeout_ms: 50, max_attempts: 2, schedule_ms: [10] })
    await broker.tell(1)
    await succeeds
    await worker.stop()
    assert.deepEqual(attempts, [1, 2])
}))

test('a worker that leaves broadcasts to others says nothing of them', withBroker(async (broker) => {
    const joins = broker.heard('CREDIT')
    const worker = start(broker, { broadcasts: false, leaveSeconds: 0 }, () => {})
    await joins
    const beats = broker.heard('HEARTBEAT')
    await broker.say('FEEDS', { endpoint: broker.feed.lastEndpoint, firsts: [1], lasts: [0] })
    await beats
    await worker.stop()
    assert.ok(!broker.said.includes('LISTEN'))
}))

test('what is at work when its session is lost says nothing, whatever it returns', withBroker(async (broker) => {
    let begun = 0
    let goOn, hasBegun
    const goesOn = new Promise((resolve) => { goOn = resolve })
    const begins = new Promise((resolve) => { hasBegun = resolve })
    const givesUp = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve))
    const joins = broker.heard('CREDIT')
    const options = { capacity: 2, broadcasts: false }
    const worker = start(broker, options, ({ event, signal }) => {
        if (++begun === 2) hasBegun()
        return event.type === 'gives.up' ? givesUp(signal).then(() => true) : goesOn
    })
    await joins
    await broker.deliver(1, 'gives.up')
    await broker.deliver(2, 'goes.on')
    await begins
    const joinsAgain = broker.heard('HELLO').then(() => broker.heard('CREDIT'))
    await broker.say('RESET', {})
    await joinsAgain
    goOn()
    while (broker.granted < 2) await broker.heard('CREDIT') // until both have ended
    await broker.heard('HEARTBEAT')
    await worker.stop()
    assert.ok(!broker.said.includes('SETTLE'))
}))
