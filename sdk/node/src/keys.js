/** keys - files of `tocsin keygen`, as options of a socket. */

import { readFileSync, statSync } from 'node:fs'
import { isIPv4 } from 'node:net'

const KEY_CHARACTERS = 40
const LINE = /^([a-z-]+)[ \t]*=[ \t]*"([^"]*)"/gm

/** The keys of these names that a file holds. */
function read(path, ...wanted) {
    const found = Object.fromEntries(
        [...readFileSync(path, 'utf8').matchAll(LINE)].map((line) => [line[1], line[2]]),
    )
    for (const name of wanted)
        if (found[name]?.length !== KEY_CHARACTERS)
            throw new RangeError(`${path} has no ${name}: it is no such file of \`tocsin keygen\``)
    return wanted.map((name) => found[name])
}

/** Without keys only this machine is spoken with, as every part of Tocsin has it. */
export function checkIsHere(endpoint) {
    if (/^(ipc|inproc):\/\/./.test(endpoint)) return
    const host = /^tcp:\/\/\[?([^\]]*?)\]?:[^:\]]+$/.exec(endpoint)?.[1]
    if (!host)
        throw new RangeError(`${JSON.stringify(endpoint)} is no endpoint: write tcp://HOST:PORT or ipc://PATH`)
    if (!['::1', 'localhost'].includes(host) && !(isIPv4(host) && host.startsWith('127.')))
        throw new RangeError(
            `${endpoint} is another host, and without keys only this machine is spoken with: give ` +
                'ownKey and brokerKey (`tocsin keygen`, docs/keys.md), or write 127.0.0.1 or ::1',
        )
}

/** Options of a Dealer; none without files. */
export function readKeys(ownKey, brokerKey) {
    if (!ownKey !== !brokerKey)
        throw new RangeError('ownKey and brokerKey go together, or neither is given')
    if (!ownKey) return {}
    if (statSync(ownKey).mode & 0o077)
        throw new RangeError(`${ownKey} can be read by others, and it is a secret: chmod 600 ${ownKey}`)
    const [curvePublicKey, curveSecretKey] = read(ownKey, 'public-key', 'secret-key')
    const [curveServerKey] = read(brokerKey, 'public-key')
    return { curvePublicKey, curveSecretKey, curveServerKey }
}
