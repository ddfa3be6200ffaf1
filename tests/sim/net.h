/*  net – connections between the broker and those who dial it, as ZeroMQ gives them.
 *
 *  A line is a client's DEALER. Within one connection messages arrive in order, each later than it
 *  was sent; when it breaks, what was on the way is lost, and the client's socket dials again by
 *  itself: the broker then sees another peer, and what the client said meanwhile comes over that.
 *  Messages travel as bytes, through the real codec.
 */
#ifndef NET_H
#define NET_H

#include "proto/wire/message.h"
#include "tests/sim/world.h"

typedef struct line line_t;

typedef void heard_by_broker_t (void *broker, uint64_t peer, message_t *message);
typedef void heard_by_client_t (void *client, message_t *message);

//  A new socket that dials the broker; the old one of this client, if any, is closed and forgotten.
line_t *net_dial (world_t *world, void *client, heard_by_client_t *heard);
void net_hang_up (world_t *world, line_t *line);  //  what was on the way is lost

void net_send_to_broker (world_t *world, line_t *line, const message_t *message);
//  false: there is no such peer any more.
bool net_send_to_peer (world_t *world, uint64_t peer, const message_t *message);

void net_break (world_t *world, line_t *line);  //  and dial again in a while
void net_break_all (world_t *world);            //  the broker's end has gone
void net_clear (world_t *world);                //  frees all, at the end

size_t net_count (const world_t *world);
line_t *net_at (const world_t *world, size_t index);

#endif
