#include "proto/wire/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/model/assert.h"

enum { PORT_MOST = 65535, HOST_SIZE = 254 };

#define TCP "tcp://"

static bool
is_port (const char *text, bool may_be_any)
{
    if (strcmp (text, "*") == 0)
        return may_be_any;
    size_t length = strspn (text, "0123456789");
    long port = strtol (text, NULL, 10);
    return length > 0 && length <= 5 && !text [length] && port > 0 && port <= PORT_MOST;
}

//  "host:port", or "[host]:port" for IPv6, in its two halves. false: it is neither.
static bool
endpoint_split (const char *text, char host [HOST_SIZE], const char **port)
{
    const char *colon = strrchr (text, ':');
    if (!colon || colon == text)
        return false;
    size_t length = (size_t)(colon - text);
    if (text [0] == '[' && text [length - 1] == ']') {
        text++;
        length -= 2;
    }
    else if (memchr (text, ':', length))
        return false;
    if (length == 0 || length >= HOST_SIZE)
        return false;
    memcpy (host, text, length);
    host [length] = 0;
    *port = colon + 1;
    return true;
}

static bool
is_loopback (const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)(const void *)address;
        return ntohl (ipv4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)(const void *)address;
    return IN6_IS_ADDR_LOOPBACK (&ipv6->sin6_addr);
}

//  The first IPv4 address, or else the first of any kind.
static const struct addrinfo *
endpoint_prefer (const struct addrinfo *list)
{
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        if (at->ai_family == AF_INET)
            return at;
    }
    return list;
}

static void
endpoint_write (endpoint_t *self, const struct addrinfo *found, const char *port)
{
    char host [NI_MAXHOST];
    int code = getnameinfo (found->ai_addr, found->ai_addrlen, host, sizeof (host), NULL, 0,
                            NI_NUMERICHOST);
    ASSERT (code == 0, "an address that was just made of a name has digits");
    self->is_ipv6 = found->ai_family == AF_INET6;
    const char *format = self->is_ipv6 ? TCP "[%s]:%s" : TCP "%s:%s";
    int length = snprintf (self->address, sizeof (self->address), format, host, port);
    ASSERT (length > 0 && (size_t)length < sizeof (self->address), "digits and a port are short");
}

static status_t
endpoint_want_keys (const char *text, const char *what, problem_t *problem)
{
    return problem_set (
        problem, STATUS_BAD_SETTING,
        "%s is %s, and without keys only this machine is spoken with: make some (`tocsin keygen`, docs/keys.md), or write 127.0.0.1, ::1 or ipc://PATH",
        text, what);
}

//  All addresses of this machine, IPv6 and IPv4.
static status_t
endpoint_open_to_all (const char *text, const char *port, endpoint_rights_t rights,
                      endpoint_t *endpoint, problem_t *problem)
{
    if (!rights.is_server)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s names no host to connect to: write tcp://HOST:PORT", text);
    if (!rights.has_keys)
        return endpoint_want_keys (text, "open to every host", problem);
    endpoint->is_ipv6 = true;
    snprintf (endpoint->address, sizeof (endpoint->address), TCP "*:%s", port);
    return STATUS_OK;
}

static status_t
endpoint_resolve_tcp (const char *text, endpoint_rights_t rights, endpoint_t *endpoint,
                      problem_t *problem)
{
    char host [HOST_SIZE];
    const char *port;
    if (!endpoint_split (text + strlen (TCP), host, &port) || !is_port (port, rights.is_server))
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s is no endpoint: write tcp://HOST:PORT%s", text,
                            rights.is_server ? ", or tcp://HOST:* for any free port" : "");
    if (strcmp (host, "*") == 0)
        return endpoint_open_to_all (text, port, rights, endpoint, problem);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo (host, NULL, &hints, &list);
    if (code != 0)
        return problem_set (problem, STATUS_SYSTEM, "%s: the name %s cannot be resolved: %s", text,
                            host, gai_strerror (code));

    const struct addrinfo *found = endpoint_prefer (list);
    bool is_allowed = rights.has_keys || is_loopback (found->ai_addr);
    if (is_allowed)
        endpoint_write (endpoint, found, port);
    freeaddrinfo (list);
    return is_allowed ? STATUS_OK : endpoint_want_keys (text, "another host", problem);
}

status_t
endpoint_resolve (const char *text, endpoint_rights_t rights, endpoint_t *endpoint,
                  problem_t *problem)
{
    endpoint->is_inproc = strncmp (text, "inproc://", 9) == 0;
    bool is_local = strncmp (text, "ipc://", 6) == 0 || endpoint->is_inproc;
    if (!is_local && strncmp (text, TCP, strlen (TCP)) != 0)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%s is no endpoint: write tcp://HOST:PORT, ipc://PATH or inproc://NAME",
                            text);
    if (strlen (text) >= ENDPOINT_SIZE)
        return problem_set (problem, STATUS_BAD_SETTING,
                            "%.60s… is too long for an endpoint: at most %d bytes", text,
                            ENDPOINT_SIZE - 1);
    if (!is_local)
        return endpoint_resolve_tcp (text, rights, endpoint, problem);
    if (text [strcspn (text, ":") + strlen ("://")] == 0)
        return problem_set (problem, STATUS_BAD_SETTING, "%s has no name after the slashes", text);
    endpoint->is_ipv6 = false;
    memcpy (endpoint->address, text, strlen (text) + 1);
    return STATUS_OK;
}
