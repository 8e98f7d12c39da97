/* Reads records `key 32 | signature 64 | length 4 (little end first) | message` from stdin and
 * writes '1' or '0' for each; with an argument, the SHA-512 in hexadecimal of stdin instead. */
#include <stdio.h>
#include <stdlib.h>

#include "kb_ed25519.h"
#include "kb_sha512.h"

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

int main(int count, char **words)
{
    uint8_t head[100];
    if (count > 1)
        return hash_input((size_t)atoi(words[1]));
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
