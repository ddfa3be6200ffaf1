/*  address – where a delivery may go.
 *
 *  A subscription's URL comes from outside. If it could name our own network, whoever may subscribe
 *  could reach what only we can (server-side request forgery). So the address that is really
 *  connected to is judged, after the name was resolved: a name that changes its mind gains nothing.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_SIZE = 64 };  //  "[…]:65535", with the final zero

//  One that is routed on the internet. Of IPv6 addresses that stand for one of IPv4 (mapped, NAT64)
//  that one is judged. Other families: no.
bool address_is_public (const struct sockaddr *address);

//  "192.0.2.1:80", "[2001:db8::1]:80"; "?" for another family.
void address_text (const struct sockaddr *address, char text [ADDRESS_TEXT_SIZE]);

#endif
