/*  baseline – what POST→202 could reach if nothing had to be kept: bare civetweb and jansson.
 *
 *      baseline
 *
 *  Reads the body, parses it, answers 202 with a body like ours in one write. Tuned like our
 *  gateway: no delay, keep-alive, as many threads, no look for .htpasswd. Prints its port; ends on
 *  SIGTERM.
 */
#include <civetweb.h>
#include <err.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_BYTES = 65536 };

static size_t
read_body (struct mg_connection *connection, char *body, long long size)
{
    long long done = 0;
    while (done < size) {
        int got = mg_read (connection, body + done, (size_t)(size - done));
        if (got <= 0)
            return 0;
        done += got;
    }
    return (size_t)done;
}

static int
handle_post (struct mg_connection *connection, void *context)
{
    (void)context;
    static _Atomic long long seq;
    char body [BODY_BYTES], answer [512], text [256];
    long long length = mg_get_request_info (connection)->content_length;
    if (length <= 0 || length > BODY_BYTES)
        return 0;  //  civetweb says 404; the generator stops at anything but a 202

    size_t size = read_body (connection, body, length);
    json_t *parsed = json_loadb (body, size, JSON_REJECT_DUPLICATES, NULL);
    if (!parsed)
        return 0;
    int text_size = snprintf (text, sizeof text,
                              "{\"data\":[{\"id\":\"k_1hg7ra0c3e_0123456789abcdef\","
                              "\"partition\":0,\"seq\":%lld,\"status\":\"stored\"}]}",
                              ++seq);
    int answer_size = snprintf (answer, sizeof answer,
                                "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                                "Content-Length: %d\r\nConnection: keep-alive\r\n\r\n%s",
                                text_size, text);
    mg_write (connection, answer, (size_t)answer_size);
    json_decref (parsed);
    return 202;
}

static int
allow (struct mg_connection *connection, void *context)
{
    (void)connection, (void)context;
    return 1;
}

int
main (void)
{
    sigset_t stop;
    sigemptyset (&stop);
    sigaddset (&stop, SIGTERM);
    sigaddset (&stop, SIGINT);
    sigprocmask (SIG_BLOCK, &stop, NULL);

    static const char *const options [] = {
        "listening_ports",   "127.0.0.1:0", "num_threads",           "256",  "tcp_nodelay", "1",
        "enable_keep_alive", "yes",         "keep_alive_timeout_ms", "5000", NULL};
    struct mg_callbacks callbacks;
    memset (&callbacks, 0, sizeof callbacks);
    mg_init_library (0);
    struct mg_context *server = mg_start (&callbacks, NULL, (const char **)options);
    if (!server)
        errx (1, "civetweb does not start");
    mg_set_auth_handler (server, "**", allow, NULL);
    mg_set_request_handler (server, "/v1/events", handle_post, NULL);

    struct mg_server_port port;
    mg_get_server_ports (server, 1, &port);
    printf ("baseline ready %d\n", port.port);
    fflush (stdout);

    int signal_number;
    sigwait (&stop, &signal_number);
    mg_stop (server);
    return 0;
}
