#include "kb_sha256.h"

#include "kb_mem.h"

static const uint32_t START[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                  0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};

static const uint32_t ROUND[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u};

static uint32_t rotate(uint32_t word, unsigned count)
{
    return word >> count | word << (32u - count);
}

static void compress(uint32_t state[8], const uint8_t block[KB_SHA256_BLOCK])
{
    uint32_t schedule[16];
    uint32_t v[8];
    for (size_t i = 0; i < 16; i++) {
        schedule[i] = kb_get32(block + 4 * i);
    }
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < 64; i++) {
        /* The schedule is kept as a ring of 16 words: 192 bytes of stack less. */
        if (i >= 16) {
            uint32_t early = schedule[(i + 1) & 15];
            uint32_t late = schedule[(i + 14) & 15];
            schedule[i & 15] += (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
                                schedule[(i + 9) & 15] +
                                (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
        }
        uint32_t one = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
                       ((v[4] & v[5]) ^ (~v[4] & v[6])) + ROUND[i] + schedule[i & 15];
        uint32_t two = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
                       ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        for (size_t j = 7; j > 0; j--) {
            v[j] = v[j - 1];
        }
        v[4] += one;
        v[0] = one + two;
    }
    for (size_t i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void kb_sha256_init(struct kb_sha256 *hash)
{
    memcpy(hash->state, START, sizeof hash->state);
    hash->length = 0;
}

void kb_sha256_update(struct kb_sha256 *hash, const void *data, size_t length)
{
    const uint8_t *at = data;
    while (length > 0) {
        size_t filled = (size_t)(hash->length % KB_SHA256_BLOCK);
        size_t taken = KB_SHA256_BLOCK - filled;
        if (taken > length) {
            taken = length;
        }
        memcpy(hash->block + filled, at, taken);
        hash->length += taken;
        at += taken;
        length -= taken;
        if (filled + taken == KB_SHA256_BLOCK) {
            compress(hash->state, hash->block);
        }
    }
}

void kb_sha256_final(struct kb_sha256 *hash, uint8_t digest[KB_SHA256_SIZE])
{
    uint64_t bits = hash->length * 8;
    size_t filled = (size_t)(hash->length % KB_SHA256_BLOCK);
    hash->block[filled++] = 0x80;
    if (filled > KB_SHA256_BLOCK - 8) {
        memset(hash->block + filled, 0, KB_SHA256_BLOCK - filled);
        compress(hash->state, hash->block);
        filled = 0;
    }
    memset(hash->block + filled, 0, KB_SHA256_BLOCK - 8 - filled);
    (void)kb_put32(kb_put32(hash->block + KB_SHA256_BLOCK - 8, (uint32_t)(bits >> 32)),
                   (uint32_t)bits);
    compress(hash->state, hash->block);
    for (size_t i = 0; i < 8; i++) {
        (void)kb_put32(digest + 4 * i, hash->state[i]);
    }
}

void kb_sha256(const void *data, size_t length, uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_sha256 hash;
    kb_sha256_init(&hash);
    kb_sha256_update(&hash, data, length);
    kb_sha256_final(&hash, digest);
}

void kb_hmac_prepare(struct kb_hmac_key *key, const uint8_t *secret, size_t length)
{
    uint8_t pad[KB_SHA256_BLOCK];
    for (size_t i = 0; i < KB_SHA256_BLOCK; i++) {
        pad[i] = (uint8_t)((i < length ? secret[i] : 0) ^ 0x36);
    }
    memcpy(key->inner, START, sizeof key->inner);
    compress(key->inner, pad);
    for (size_t i = 0; i < KB_SHA256_BLOCK; i++) {
        pad[i] ^= 0x36 ^ 0x5c;
    }
    memcpy(key->outer, START, sizeof key->outer);
    compress(key->outer, pad);
    kb_wipe(pad, sizeof pad);
}

void kb_hmac_init(struct kb_hmac *hmac, const struct kb_hmac_key *key)
{
    memcpy(hmac->hash.state, key->inner, sizeof hmac->hash.state);
    hmac->hash.length = KB_SHA256_BLOCK;
    hmac->key = key;
}

void kb_hmac_update(struct kb_hmac *hmac, const void *data, size_t length)
{
    kb_sha256_update(&hmac->hash, data, length);
}

void kb_hmac_final(struct kb_hmac *hmac, uint8_t digest[KB_SHA256_SIZE])
{
    uint8_t inner[KB_SHA256_SIZE];
    kb_sha256_final(&hmac->hash, inner);
    memcpy(hmac->hash.state, hmac->key->outer, sizeof hmac->hash.state);
    hmac->hash.length = KB_SHA256_BLOCK;
    kb_sha256_update(&hmac->hash, inner, sizeof inner);
    kb_sha256_final(&hmac->hash, digest);
    kb_wipe(hmac, sizeof *hmac);
}

void kb_hmac_of(const struct kb_hmac_key *key, const void *data, size_t length,
                uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_hmac hmac;
    kb_hmac_init(&hmac, key);
    kb_hmac_update(&hmac, data, length);
    kb_hmac_final(&hmac, digest);
}
