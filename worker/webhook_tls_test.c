/*  Consumers over TLS that nobody can vouch for, against a real worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <unistd.h>

#include "proto/model/owned.h"
#include "worker/worker_stage.h"

typedef struct {
    int listener, port;
    SSL_CTX *tls;
    pthread_t thread;
} server_t;

//  For localhost, by itself, and fresh.
static void
certify (SSL_CTX *tls)
{
    EVP_PKEY *key = EVP_EC_gen ("P-256");
    X509 *certificate = X509_new ();
    X509_set_version (certificate, X509_VERSION_3);
    X509_gmtime_adj (X509_getm_notBefore (certificate), -60);
    X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
    X509_set_pubkey (certificate, key);
    X509_NAME *name = X509_get_subject_name (certificate);
    X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
                                -1, 0);
    X509_set_issuer_name (certificate, name);
    assert_true (X509_sign (certificate, key, EVP_sha256 ()) > 0);
    assert_int_equal (SSL_CTX_use_certificate (tls, certificate), 1);
    assert_int_equal (SSL_CTX_use_PrivateKey (tls, key), 1);
    X509_free (certificate);
    EVP_PKEY_free (key);
}

//  Until its listener is shut.
static void *
serve (void *context)
{
    const server_t *server = context;
    for (;;) {
        int socket = accept4 (server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket < 0)
            return NULL;
        SSL *connection = SSL_new (server->tls);
        SSL_set_fd (connection, socket);
        SSL_accept (connection);  //  it fails: the worker does not trust us
        SSL_free (connection);
        close (socket);
    }
}

static void
server_start (server_t *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->tls = SSL_CTX_new (TLS_server_method ());
    certify (server->tls);
    server->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (bind (server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal (listen (server->listener, 8), 0);
    getsockname (server->listener, (struct sockaddr *)&address, &size);
    server->port = ntohs (address.sin_port);
    assert_int_equal (pthread_create (&server->thread, NULL, serve, server), 0);
}

static void
server_stop (server_t *server)
{
    shutdown (server->listener, SHUT_RDWR);
    pthread_join (server->thread, NULL);
    close (server->listener);
    SSL_CTX_free (server->tls);
}

static const settlement_t *
outcome_at (worker_stage_t *stage, int port)
{
    char deliver [100];
    snprintf (deliver, sizeof deliver, "{\"deliver\":{\"url\":\"https://localhost:%d/\"}}", port);
    uint64_t lease =
        fake_broker_deliver (stage->broker, "S", deliver, STAGE_TIMEOUT_MS, "{\"n\":1}");
    return fake_broker_settlement (stage->broker, lease);
}

static void
a_certificate_that_nobody_vouches_for_is_refused (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    server_t server;
    server_start (&server);
    const settlement_t *settlement = outcome_at (stage, server.port);
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_string_equal (settlement->error, "TLS: self-signed certificate");
    server_stop (&server);
}

static void
a_consumer_without_tls_is_said_to_be_one (void **state)
{
    (void)state;
    OWNED (worker_stage) worker_stage_t *stage = worker_stage_new ();
    worker_stage_begin (stage);
    fake_consumer_talk_first (stage->consumer);
    const settlement_t *settlement = outcome_at (stage, fake_consumer_port (stage->consumer));
    assert_int_equal (settlement->outcome, OUTCOME_RETRY);
    assert_ptr_equal (strstr (settlement->error, "TLS: "), settlement->error);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_certificate_that_nobody_vouches_for_is_refused),
        cmocka_unit_test (a_consumer_without_tls_is_said_to_be_one),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
