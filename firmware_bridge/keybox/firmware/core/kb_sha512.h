/* SHA-512 (FIPS 180-4, section 6.4), for Ed25519 alone: everything else of the box uses SHA-256. */
#ifndef KB_SHA512_H
#define KB_SHA512_H

#include <stddef.h>
#include <stdint.h>

#define KB_SHA512_BYTES 64u

typedef struct {
    uint64_t state[8];
    uint64_t length; /* bytes taken in so far; messages end long before 2^61 of them */
    uint8_t block[128];
} kb_sha512;

void kb_sha512_start(kb_sha512 *hash);
void kb_sha512_add(kb_sha512 *hash, const uint8_t *bytes, size_t length);
void kb_sha512_end(kb_sha512 *hash, uint8_t digest[KB_SHA512_BYTES]);

#endif
