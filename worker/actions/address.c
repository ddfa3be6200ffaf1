#include "worker/actions/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    uint8_t prefix [16];
    int bits;
} block_t;

//  IANA IPv4 Special-Purpose Address Registry, what is not globally reachable; and multicast.
static const block_t blocks_of_ip4 [] = {
    {{0}, 8},              //  this network, unspecified
    {{10}, 8},             //  private
    {{100, 64}, 10},       //  shared by the customers of a provider
    {{127}, 8},            //  loopback
    {{169, 254}, 16},      //  link-local; the metadata services of clouds
    {{172, 16}, 12},       //  private
    {{192, 0, 0}, 24},     //  protocol assignments
    {{192, 0, 2}, 24},     //  documentation
    {{192, 88, 99}, 24},   //  6to4 relays
    {{192, 168}, 16},      //  private
    {{198, 18}, 15},       //  benchmarks
    {{198, 51, 100}, 24},  //  documentation
    {{203, 0, 113}, 24},   //  documentation
    {{224}, 4},            //  multicast
    {{240}, 4},            //  reserved, broadcast
};

//  Of IPv6 only 2000::/3 is given out for general use; these are parts of it that are not.
static const block_t blocks_of_ip6 [] = {
    {{0x20, 0x01, 0x00}, 23},        //  protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  //  documentation
    {{0x20, 0x02}, 16},              //  6to4: leads to any address of IPv4
    {{0x3f, 0xff, 0x00}, 20},        //  documentation
};

static const block_t global_unicast = {{0x20}, 3};
static const block_t mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const block_t nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool
block_holds (const block_t *block, const uint8_t *address)
{
    int bytes = block->bits / 8;
    int rest = block->bits % 8;
    if (memcmp (block->prefix, address, (size_t)bytes) != 0)
        return false;
    if (rest == 0)
        return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return ((block->prefix [bytes] ^ address [bytes]) & mask) == 0;
}

static bool
any_block_holds (const block_t *blocks, size_t count, const uint8_t *address)
{
    for (size_t i = 0; i < count; i++)
        if (block_holds (&blocks [i], address))
            return true;
    return false;
}

static bool
ip4_is_public (const uint8_t *address)
{
    return !any_block_holds (blocks_of_ip4, sizeof blocks_of_ip4 / sizeof *blocks_of_ip4, address);
}

static bool
ip6_is_public (const uint8_t *address)
{
    if (block_holds (&mapped, address) || block_holds (&nat64, address))
        return ip4_is_public (address + 12);
    return block_holds (&global_unicast, address) &&
           !any_block_holds (blocks_of_ip6, sizeof blocks_of_ip6 / sizeof *blocks_of_ip6, address);
}

bool
address_is_public (const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy (&ip4, address, sizeof ip4);
        return ip4_is_public ((const uint8_t *)&ip4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy (&ip6, address, sizeof ip6);
        return ip6_is_public ((const uint8_t *)&ip6.sin6_addr);
    }
    return false;
}

void
address_text (const struct sockaddr *address, char text [ADDRESS_TEXT_SIZE])
{
    char host [INET6_ADDRSTRLEN] = "";
    snprintf (text, ADDRESS_TEXT_SIZE, "?");
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy (&ip4, address, sizeof ip4);
        inet_ntop (AF_INET, &ip4.sin_addr, host, sizeof host);
        snprintf (text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs (ip4.sin_port));
    }
    else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy (&ip6, address, sizeof ip6);
        inet_ntop (AF_INET6, &ip6.sin6_addr, host, sizeof host);
        snprintf (text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs (ip6.sin6_port));
    }
}
