/* The one-time codes that were used, each until no clock reading can take it any more. */
#ifndef KB_USED_H
#define KB_USED_H

#include <stdbool.h>
#include <stdint.h>

#define KB_USED_MAX 64u

/* All of it is persistent. */
struct kb_used {
    uint8_t count;
    uint32_t payload[KB_USED_MAX];
    uint32_t end_s[KB_USED_MAX];
};

bool kb_used_holds(const struct kb_used *used, uint32_t payload);
/* Drops what has certainly ended. */
void kb_used_expire(struct kb_used *used, uint32_t earliest_s);
/* False where it is full: the code is then refused, since it could not be told apart later. */
bool kb_used_add(struct kb_used *used, uint32_t payload, uint32_t end_s);

#endif
