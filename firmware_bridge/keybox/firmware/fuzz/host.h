/* A host that has the maintenance secret: opens sessions and sends requests that are authentic,
 * whatever they hold. So a fuzzer gets past the MAC.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include "board.h"

struct host {
    bool is_open;
    uint16_t rights;
    uint32_t counter;
    uint8_t seq;
    struct kb_hmac_key mac, enc, device_mac;
    uint8_t last[KB_FRAME_ENCODED_MAX];
    size_t last_length;
};

extern struct host host;

void host_begin(void);
/* Sends a frame in clear, with a right CRC. */
void host_send_clear(uint8_t type, const uint8_t *body, size_t length);
void host_open(bool link, uint32_t day, uint16_t rights);
void host_request(uint8_t type, const uint8_t *body, size_t length);
/* The last request once more, byte for byte. */
void host_repeat(void);
/* Answers the notice under way. */
void host_noticed(void);
/* Reads what the device has sent: all of it must be frames, and answers authentic. Keeps the last
 * frame in `frame`; gives its length, 0 for none. */
size_t host_listen(uint8_t frame[KB_FRAME_MAX]);

#endif
