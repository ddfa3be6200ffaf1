/** link - one broker: its session and its feed, with the sockets of the moment. */

import { Dealer, Subscriber } from 'zeromq'
import { Feeds } from './feeds.js'
import { Session } from './session.js'
import { BadMessage, decodeFeed, encode, FRAME_BYTES } from './wire.js'

const LINGER_MS = 1000 // for the last words of a worker that leaves in order
const FEED_MOST = 10_000 // messages of a feed that wait to be read; then some are missed
const OPTIONS = {
    linger: 0,
    maxMessageSize: FRAME_BYTES,
    reconnectInterval: 100,
    reconnectMaxInterval: 2000,
    handshakeInterval: 5000,
    heartbeatInterval: 5000,
    heartbeatTimeout: 15_000,
    tcpKeepalive: 1,
    ipv6: true,
}
const SESSION_OPTIONS = {
    ...OPTIONS,
    sendTimeout: 0, // sends do not wait
    sendHighWaterMark: 1000,
    receiveHighWaterMark: 1000,
}
const FEED_OPTIONS = { ...OPTIONS, receiveHighWaterMark: FEED_MOST }

const TROUBLES = {
    'handshake:error:auth':
        "it refuses this worker's key: copy its .public file into keys/allowed of that broker; the log of the broker says more",
    'handshake:error:protocol': 'it and this worker do not both have keys',
    'handshake:error:other':
        "it broke off before it said who it is: is brokerKey that broker's .public file of today?",
}

export class Link {
    /** worker: what a session's port asks for besides a socket, and heard(), after each message. */
    constructor(worker, endpoint, hello, keys) {
        this.worker = worker
        this.keys = keys
        this.endpoint = endpoint
        this.session = new Session(this, hello, performance.now())
        this.feeds = new Feeds(this, worker.places)
        this.#connect()
    }

    #connect() {
        this.socket = new Dealer({ ...SESSION_OPTIONS, ...this.keys })
        this.#watch(this.socket)
        this.socket.connect(this.endpoint)
        void this.#read(this.socket, (frames, now) => this.session.hear(frames, now))
    }

    #watch(socket) {
        for (const [event, words] of Object.entries(TROUBLES))
            socket.events.on(event, () => this.#tell(words))
    }

    /** Once, until it is another trouble. */
    #tell(words) {
        if (words !== this.told) this.log('warn', words)
        this.told = words
    }

    /** Each message, until it is closed or another has its place. */
    async #read(socket, hear) {
        for (;;) {
            let frames
            try {
                frames = await socket.receive()
            } catch {
                return // it was closed
            }
            if (socket !== this.socket && socket !== this.feed) return
            const now = performance.now()
            hear(frames, now)
            this.#tickFeeds(now)
            this.worker.heard()
        }
    }

    tick(now) {
        this.session.tick(now)
        this.#tickFeeds(now)
    }

    #tickFeeds(now) {
        if (!this.worker.broadcasts) return
        this.feeds.inSession(this.session.number, this.session.interval, now)
        this.feeds.tick(now)
    }

    /** hasRoom: whether another broadcast event could begin. */
    due(hasRoom) {
        return Math.min(this.session.due(), this.feeds.due(hasRoom))
    }

    /** In order. */
    end(now) {
        this.session.leave(now)
        this.feeds.stop()
    }

    close() {
        this.socket.linger = LINGER_MS
        this.socket.close()
        this.feed?.close()
    }

    //  ---- what the session asks for

    send(command, body) {
        //  A pipe that is full refuses; all that matters is repeated.
        this.socket.send(encode(command, body)).catch(() => {})
    }

    renew() {
        this.socket.close()
        this.#connect()
    }

    performs(action) {
        return this.worker.actions.has(action)
    }

    room() {
        return this.worker.room(this)
    }

    abandon(held) {
        held.delivery.over.abort()
    }

    tellFeeds(command, body, now) {
        if (this.worker.broadcasts) this.feeds.hear(command, body, now)
    }

    //  ---- what the feeds ask for

    connectFeed(endpoint) {
        this.feed?.close()
        this.feed = new Subscriber({ ...FEED_OPTIONS, ...this.keys })
        this.#watch(this.feed)
        try {
            this.feed.connect(this.#reached(endpoint))
        } catch (problem) {
            this.log('warn', `its feed at ${JSON.stringify(endpoint)}: ${problem.message}`)
        }
        void this.#read(this.feed, (frames, now) => this.#hearFeed(frames, now))
    }

    /** Over TCP the host is the one that the broker was reached at. */
    #reached(endpoint) {
        if (!endpoint.startsWith('tcp://')) return endpoint
        const host = this.endpoint.slice(0, this.endpoint.lastIndexOf(':'))
        return host + endpoint.slice(endpoint.lastIndexOf(':'))
    }

    #hearFeed(frames, now) {
        try {
            this.feeds.hearEvent(decodeFeed(frames), now)
        } catch (bad) {
            if (!(bad instanceof BadMessage)) throw bad
            this.log('warn', `a bad message of the feed: ${bad.message}`)
        }
    }

    listenTo(topics) {
        this.feed?.subscribe(topics)
    }

    leave(topics) {
        this.feed?.unsubscribe(topics)
    }

    log(level, words) {
        this.worker.log(level, `${this.endpoint}: ${words}`)
    }
}
