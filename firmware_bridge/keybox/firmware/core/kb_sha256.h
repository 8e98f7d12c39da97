/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104) with the key's two pads computed once. */
#ifndef KB_SHA256_H
#define KB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define KB_SHA256_SIZE 32u
#define KB_SHA256_BLOCK 64u
#define KB_TAG_SIZE 16u

struct kb_sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[KB_SHA256_BLOCK];
};

void kb_sha256_init(struct kb_sha256 *hash);
void kb_sha256_update(struct kb_sha256 *hash, const void *data, size_t length);
void kb_sha256_final(struct kb_sha256 *hash, uint8_t digest[KB_SHA256_SIZE]);
void kb_sha256(const void *data, size_t length, uint8_t digest[KB_SHA256_SIZE]);

/* A key of at most 64 bytes, as the states after its inner and outer pad: saves half the work
 * where one key serves many short messages. */
struct kb_hmac_key {
    uint32_t inner[8];
    uint32_t outer[8];
};

struct kb_hmac {
    struct kb_sha256 hash;
    const struct kb_hmac_key *key;
};

void kb_hmac_prepare(struct kb_hmac_key *key, const uint8_t *secret, size_t length);
void kb_hmac_init(struct kb_hmac *hmac, const struct kb_hmac_key *key);
void kb_hmac_update(struct kb_hmac *hmac, const void *data, size_t length);
void kb_hmac_final(struct kb_hmac *hmac, uint8_t digest[KB_SHA256_SIZE]);
/* HMAC of one piece. */
void kb_hmac_of(const struct kb_hmac_key *key, const void *data, size_t length,
                uint8_t digest[KB_SHA256_SIZE]);

#endif
