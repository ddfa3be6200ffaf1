#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

//  cmocka.h wants these before it
#include <cmocka.h>

#include "worker/actions/address.h"

static bool
is_public (const char *text)
{
    struct sockaddr_in ip4 = {.sin_family = AF_INET};
    if (inet_pton (AF_INET, text, &ip4.sin_addr) == 1)
        return address_is_public ((struct sockaddr *)&ip4);
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
    assert_int_equal (inet_pton (AF_INET6, text, &ip6.sin6_addr), 1);
    return address_is_public ((struct sockaddr *)&ip6);
}

static void
all_are (const char *const *texts, bool expected)
{
    for (; *texts; texts++)
        if (is_public (*texts) != expected)
            fail_msg ("%s is %s", *texts, expected ? "not public" : "public");
}

static void
addresses_of_the_internet_are_public (void **state)
{
    (void)state;
    static const char *const texts [] = {"1.1.1.1",
                                         "8.8.8.8",
                                         "9.255.255.255",
                                         "11.0.0.0",
                                         "100.63.255.255",
                                         "100.128.0.0",
                                         "126.255.255.255",
                                         "128.0.0.0",
                                         "169.253.255.255",
                                         "172.15.255.255",
                                         "172.32.0.0",
                                         "192.167.255.255",
                                         "198.17.255.255",
                                         "198.20.0.0",
                                         "223.255.255.255",
                                         "2606:4700::1111",
                                         "2a00:1450::1",
                                         "2001:4860::8888",
                                         NULL};
    all_are (texts, true);
}

static void
networks_of_our_own_are_not (void **state)
{
    (void)state;
    static const char *const texts [] = {
        "0.0.0.0",   "0.1.2.3",         "10.0.0.1",        "100.64.0.1",     "100.127.255.255",
        "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",     "172.31.255.255",
        "192.0.0.8", "192.168.1.1",     "198.18.0.1",      "198.19.255.255", NULL};
    all_are (texts, false);
}

static void
multicast_reserved_and_documentation_are_not (void **state)
{
    (void)state;
    static const char *const texts [] = {"192.0.2.1",       "198.51.100.1", "203.0.113.1",
                                         "224.0.0.1",       "239.1.1.1",    "240.0.0.1",
                                         "255.255.255.255", "192.88.99.1",  NULL};
    all_are (texts, false);
}

static void
the_same_holds_for_ipv6 (void **state)
{
    (void)state;
    static const char *const texts [] = {
        "::",      "::1",    "fc00::1", "fd12:3456::1", "fe80::1",      "febf::1", "fec0::1",
        "ff02::1", "100::1", "2001::1", "2001:db8::1",  "2002:a00:1::", "3fff::1", "::127.0.0.1",
        "4000::1", NULL};
    all_are (texts, false);
}

static void
an_ipv4_address_within_an_ipv6_one_is_judged_itself (void **state)
{
    (void)state;
    assert_false (is_public ("::ffff:127.0.0.1"));
    assert_false (is_public ("::ffff:10.1.2.3"));
    assert_true (is_public ("::ffff:8.8.8.8"));
    assert_false (is_public ("64:ff9b::192.168.0.1"));
    assert_true (is_public ("64:ff9b::8.8.8.8"));
    assert_false (is_public ("64:ff9b:1::8.8.8.8"));
}

static void
other_families_are_not (void **state)
{
    (void)state;
    struct sockaddr_storage local = {.ss_family = AF_UNIX};
    assert_false (address_is_public ((struct sockaddr *)&local));
}

static void
an_address_reads_as_in_a_url (void **state)
{
    (void)state;
    char text [ADDRESS_TEXT_SIZE];
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons (80)};
    inet_pton (AF_INET, "10.1.2.3", &ip4.sin_addr);
    address_text ((struct sockaddr *)&ip4, text);
    assert_string_equal (text, "10.1.2.3:80");
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons (443)};
    inet_pton (AF_INET6, "fe80::1", &ip6.sin6_addr);
    address_text ((struct sockaddr *)&ip6, text);
    assert_string_equal (text, "[fe80::1]:443");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (addresses_of_the_internet_are_public),
        cmocka_unit_test (networks_of_our_own_are_not),
        cmocka_unit_test (multicast_reserved_and_documentation_are_not),
        cmocka_unit_test (the_same_holds_for_ipv6),
        cmocka_unit_test (an_ipv4_address_within_an_ipv6_one_is_judged_itself),
        cmocka_unit_test (other_families_are_not),
        cmocka_unit_test (an_address_reads_as_in_a_url),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
