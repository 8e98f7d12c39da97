/* SHA-512. Written for size: the message schedule is kept as a ring of sixteen words. */
#include "kb_sha512.h"

#include "kb_mem.h"

/* Fractional parts of the square roots of the first 8 primes, and of the cube roots of the first
 * 80 (FIPS 180-4, sections 5.3.5 and 4.2.3); a test computes them anew. */
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL, 0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
    0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL, 0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL,
};
static const uint64_t round_constants[80] = {
    0x428a2f98d728ae22ULL, 0x7137449123ef65cdULL, 0xb5c0fbcfec4d3b2fULL, 0xe9b5dba58189dbbcULL,
    0x3956c25bf348b538ULL, 0x59f111f1b605d019ULL, 0x923f82a4af194f9bULL, 0xab1c5ed5da6d8118ULL,
    0xd807aa98a3030242ULL, 0x12835b0145706fbeULL, 0x243185be4ee4b28cULL, 0x550c7dc3d5ffb4e2ULL,
    0x72be5d74f27b896fULL, 0x80deb1fe3b1696b1ULL, 0x9bdc06a725c71235ULL, 0xc19bf174cf692694ULL,
    0xe49b69c19ef14ad2ULL, 0xefbe4786384f25e3ULL, 0x0fc19dc68b8cd5b5ULL, 0x240ca1cc77ac9c65ULL,
    0x2de92c6f592b0275ULL, 0x4a7484aa6ea6e483ULL, 0x5cb0a9dcbd41fbd4ULL, 0x76f988da831153b5ULL,
    0x983e5152ee66dfabULL, 0xa831c66d2db43210ULL, 0xb00327c898fb213fULL, 0xbf597fc7beef0ee4ULL,
    0xc6e00bf33da88fc2ULL, 0xd5a79147930aa725ULL, 0x06ca6351e003826fULL, 0x142929670a0e6e70ULL,
    0x27b70a8546d22ffcULL, 0x2e1b21385c26c926ULL, 0x4d2c6dfc5ac42aedULL, 0x53380d139d95b3dfULL,
    0x650a73548baf63deULL, 0x766a0abb3c77b2a8ULL, 0x81c2c92e47edaee6ULL, 0x92722c851482353bULL,
    0xa2bfe8a14cf10364ULL, 0xa81a664bbc423001ULL, 0xc24b8b70d0f89791ULL, 0xc76c51a30654be30ULL,
    0xd192e819d6ef5218ULL, 0xd69906245565a910ULL, 0xf40e35855771202aULL, 0x106aa07032bbd1b8ULL,
    0x19a4c116b8d2d0c8ULL, 0x1e376c085141ab53ULL, 0x2748774cdf8eeb99ULL, 0x34b0bcb5e19b48a8ULL,
    0x391c0cb3c5c95a63ULL, 0x4ed8aa4ae3418acbULL, 0x5b9cca4f7763e373ULL, 0x682e6ff3d6b2b8a3ULL,
    0x748f82ee5defb2fcULL, 0x78a5636f43172f60ULL, 0x84c87814a1f0ab72ULL, 0x8cc702081a6439ecULL,
    0x90befffa23631e28ULL, 0xa4506cebde82bde9ULL, 0xbef9a3f7b2c67915ULL, 0xc67178f2e372532bULL,
    0xca273eceea26619cULL, 0xd186b8c721c0c207ULL, 0xeada7dd6cde0eb1eULL, 0xf57d4f7fee6ed178ULL,
    0x06f067aa72176fbaULL, 0x0a637dc5a2c898a6ULL, 0x113f9804bef90daeULL, 0x1b710b35131c471bULL,
    0x28db77f523047d84ULL, 0x32caab7b40c72493ULL, 0x3c9ebe0a15c9bebcULL, 0x431d67c49c100d4cULL,
    0x4cc5d4becb3e42b6ULL, 0x597f299cfc657e2aULL, 0x5fcb6fab3ad6faecULL, 0x6c44198c4a475817ULL,
};

static uint64_t rotated(uint64_t word, unsigned bits)
{
    return (word >> bits) | (word << (64u - bits));
}

static uint64_t read_be64(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word = (word << 8) | bytes[i];
    return word;
}

static void write_be64(uint8_t *bytes, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> (56u - 8u * i));
}

static uint64_t next_word(uint64_t ring[16], unsigned step)
{
    uint64_t before = ring[(step + 1) & 15], late = ring[(step + 14) & 15];
    uint64_t s0 = rotated(before, 1) ^ rotated(before, 8) ^ (before >> 7);
    uint64_t s1 = rotated(late, 19) ^ rotated(late, 61) ^ (late >> 6);
    ring[step & 15] += s0 + ring[(step + 9) & 15] + s1;
    return ring[step & 15];
}

static void take_block(uint64_t state[8], const uint8_t block[128])
{
    uint64_t ring[16], v[8];
    memcpy(v, state, sizeof v);
    for (unsigned step = 0; step < 80; step++) {
        uint64_t word;
        if (step < 16)
            word = ring[step] = read_be64(block + 8 * step);
        else
            word = next_word(ring, step);
        uint64_t e = v[4], a = v[0];
        uint64_t t1 = v[7] + (rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41)) +
                      ((e & v[5]) ^ (~e & v[6])) + round_constants[step] + word;
        uint64_t t2 = (rotated(a, 28) ^ rotated(a, 34) ^ rotated(a, 39)) +
                      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

void kb_sha512_start(kb_sha512 *hash)
{
    memcpy(hash->state, initial, sizeof initial);
    hash->length = 0;
}

void kb_sha512_add(kb_sha512 *hash, const uint8_t *bytes, size_t length)
{
    size_t filled = (size_t)(hash->length & 127u);
    hash->length += length;
    while (length > 0) {
        size_t part = sizeof hash->block - filled;
        if (part > length)
            part = length;
        memcpy(hash->block + filled, bytes, part);
        bytes += part;
        length -= part;
        filled += part;
        if (filled < sizeof hash->block)
            return;
        take_block(hash->state, hash->block);
        filled = 0;
    }
}

void kb_sha512_end(kb_sha512 *hash, uint8_t digest[KB_SHA512_BYTES])
{
    size_t filled = (size_t)(hash->length & 127u);
    hash->block[filled++] = 0x80;
    if (filled > 112) {
        memset(hash->block + filled, 0, sizeof hash->block - filled);
        take_block(hash->state, hash->block);
        filled = 0;
    }
    memset(hash->block + filled, 0, sizeof hash->block - filled);
    write_be64(hash->block + 120, hash->length << 3); /* lengths of 2^64 bits do not occur */
    take_block(hash->state, hash->block);
    for (unsigned i = 0; i < 8; i++)
        write_be64(digest + 8 * i, hash->state[i]);
}
