/** Keys of a worker: their files, and a broker that takes nobody without. */

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { curveKeyPair, Reply, Router } from 'zeromq'
import { checkIsHere, readKeys } from '../src/keys.js'
import { Worker } from '../src/index.js'

function inDirectory(play) {
    return async () => {
        const directory = mkdtempSync(join(tmpdir(), 'tocsin-keys-'))
        const write = (name, { publicKey, secretKey }) => {
            const lines = ['#   a comment', 'name = "x"', `public-key = "${publicKey}"`]
            if (secretKey) lines.push(`secret-key = "${secretKey}"`)
            const path = join(directory, name)
            writeFileSync(path, lines.join('\n'), { mode: 0o600 })
            return path
        }
        try {
            await play(write)
        } finally {
            rmSync(directory, { recursive: true })
        }
    }
}

test('a worker with keys says HELLO to a broker with keys, and who is refused says so', inDirectory(async (write) => {
    const broker = curveKeyPair(), worker = curveKeyPair()
    const handler = new Reply({ linger: 0 })
    await handler.bind('inproc://zeromq.zap.01')
    let isAllowed = false
    const answering = (async () => {
        for await (const [version, request] of handler)
            await handler.send([version, request, isAllowed ? '200' : '400', '', '', ''])
    })()
    const router = new Router({ linger: 0, curveServer: true, curveSecretKey: broker.secretKey, zapDomain: 'back' })
    await router.bind('tcp://127.0.0.1:*')
    const said = []
    const refused = new Promise((resolve) => {
        said.push = (words) => words.includes("refuses this worker's key") && resolve()
    })
    const tried = new Worker(router.lastEndpoint, {
        leaveSeconds: 0,
        ownKey: write('w.secret', worker),
        brokerKey: write('b.public', { publicKey: broker.publicKey }),
        log: { warn: (words) => said.push(words) },
    })
    const life = tried.start()
    await refused
    isAllowed = true
    const [, head] = await router.receive()
    assert.deepEqual([...head], [1, 0x21])
    await Promise.all([tried.stop(), life])
    router.close()
    handler.close()
    await answering
}))

test('keys go together and are checked', inDirectory(async (write) => {
    const own = write('w.secret', curveKeyPair())
    assert.deepEqual(readKeys(undefined, undefined), {})
    assert.throws(() => readKeys(own, undefined), /go together/)
    const { publicKey } = curveKeyPair()
    const open = write('b.public', { publicKey })
    assert.throws(() => readKeys(open, open), /has no secret-key/)
    chmodSync(own, 0o644)
    assert.throws(() => readKeys(own, open), /can be read by others/)
}))

test('another host is not spoken with unencrypted, this machine is', () => {
    for (const other of ['tcp://192.0.2.1:7102', 'tcp://broker.example:7102', 'tcp://[2001:db8::1]:7102'])
        assert.throws(() => new Worker(other), /is another host/)
    for (const none of ['127.0.0.1:7102', 'tcp://127.0.0.1', 'tcp://'])
        assert.throws(() => new Worker(none), /is no endpoint/)
    for (const here of ['tcp://127.9.1.1:7102', 'tcp://localhost:7102', 'tcp://[::1]:7102', 'ipc:///tmp/x'])
        checkIsHere(here)
})
