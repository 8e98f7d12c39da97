/* By its first argument:
 *   verify   records `key 32 | signature 64 | length 4 (little end first) | message`: '1' or '0' each
 *   hash N   the SHA-512 of stdin, taken in by N bytes at a time, in hexadecimal
 *   decode   keys of 32 bytes: '1' or '0' each, whether they are points
 *   field    records `operation 1 | 20 limbs of 2 bytes | 20 limbs`: 32 bytes of the result each
 * The unit is included, so that its parts can be held to their mathematics at their edges, which no
 * signature that anybody can make reaches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb_ed25519.c"

static int hash_input(size_t step)
{
    uint8_t digest[KB_SHA512_BYTES];
    uint8_t *piece = malloc(step);
    size_t got;
    kb_sha512 hash;
    kb_sha512_start(&hash);
    while ((got = fread(piece, 1, step, stdin)) > 0)
        kb_sha512_add(&hash, piece, got);
    kb_sha512_end(&hash, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        printf("%02x", digest[i]);
    free(piece);
    return 0;
}

static int verify_input(void)
{
    uint8_t head[100];
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t length = head[96] | (size_t)head[97] << 8 | (size_t)head[98] << 16;
        uint8_t *message = malloc(length + 1); /* of exact size but for the empty message */
        if (fread(message, 1, length, stdin) != length)
            return 1;
        putchar(kb_ed25519_verify(head, message, length, head + 32) ? '1' : '0');
        free(message);
    }
    return 0;
}

static int decode_input(void)
{
    uint8_t key[32];
    point decoded;
    while (fread(key, 1, sizeof key, stdin) == sizeof key)
        putchar(decompress(&decoded, key) ? '1' : '0');
    return 0;
}

static void apply(uint8_t operation, field *out, const field *a, const field *b)
{
    switch (operation) {
    case '+': add(out, a, b); break;
    case '-': subtract(out, a, b); break;
    case '*': multiply(out, a, b); break;
    case '2': square(out, a); break;
    case '/': invert(out, a); break;
    default: *out = *a; break;
    }
}

static int field_input(void)
{
    uint8_t record[1 + 4 * LIMBS], bytes[32];
    field a, b, result;
    while (fread(record, 1, sizeof record, stdin) == sizeof record) {
        for (unsigned i = 0; i < LIMBS; i++) {
            a.limb[i] = (uint16_t)(record[1 + 2 * i] | record[2 + 2 * i] << 8);
            b.limb[i] = (uint16_t)(record[1 + 2 * (LIMBS + i)] | record[2 + 2 * (LIMBS + i)] << 8);
        }
        apply(record[0], &result, &a, &b);
        for (unsigned i = 0; i < LIMBS; i++)
            if (result.limb[i] > (i == 2u ? LIMB_MASK + 1u : LIMB_MASK))
                return 3; /* the invariant */
        store(bytes, &result);
        fwrite(bytes, 1, sizeof bytes, stdout);
    }
    return 0;
}

int main(int count, char **words)
{
    if (count > 2 && strcmp(words[1], "hash") == 0)
        return hash_input((size_t)atoi(words[2]));
    if (count > 1 && strcmp(words[1], "decode") == 0)
        return decode_input();
    if (count > 1 && strcmp(words[1], "field") == 0)
        return field_input();
    return count > 1 && strcmp(words[1], "verify") == 0 ? verify_input() : 2;
}
