/** link - a session with the socket of the moment. */

import { Dealer } from 'zeromq'
import { Session } from './session.js'
import { encode, FRAME_BYTES } from './wire.js'

const LINGER_MS = 1000 // for the last words of a worker that leaves in order
const OPTIONS = {
    linger: 0,
    sendTimeout: 0, // sends do not wait
    maxMessageSize: FRAME_BYTES,
    sendHighWaterMark: 1000,
    receiveHighWaterMark: 1000,
    reconnectInterval: 100,
    reconnectMaxInterval: 2000,
    handshakeInterval: 5000,
    heartbeatInterval: 5000,
    heartbeatTimeout: 15_000,
    tcpKeepalive: 1,
    ipv6: true,
}

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
        this.#connect()
    }

    #connect() {
        this.socket = new Dealer({ ...OPTIONS, ...this.keys })
        for (const [event, words] of Object.entries(TROUBLES))
            this.socket.events.on(event, () => this.#tell(words))
        this.socket.connect(this.endpoint)
        void this.#read(this.socket)
    }

    /** Once, until it is another trouble. */
    #tell(words) {
        if (words !== this.told) this.log('warn', words)
        this.told = words
    }

    async #read(socket) {
        for (;;) {
            let frames
            try {
                frames = await socket.receive()
            } catch {
                return // it was closed
            }
            if (socket !== this.socket) return
            this.session.hear(frames, performance.now())
            this.worker.heard()
        }
    }

    close() {
        this.socket.linger = LINGER_MS
        this.socket.close()
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

    log(level, words) {
        this.worker.log(level, `${this.endpoint}: ${words}`)
    }
}
