/* The keypad: digits are collected, `*` clears, `#` confirms, 10 s without a key clear as well.
 *
 * More than ten digits spoil an entry until `#` or `*`: there is no sliding window, in which one
 * long row of keys would be many tries.
 */
#ifndef KB_KEYS_H
#define KB_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define KB_KEYS_MAX 10u
#define KB_KEYS_PATIENCE_MS 10000u

struct kb_keys {
    char digits[KB_KEYS_MAX];
    uint8_t count; /* KB_KEYS_MAX + 1: spoilt */
    uint64_t last_ms;
};

void kb_keys_clear(struct kb_keys *keys);
/* Takes a key; whether an entry was confirmed: `digits` and `count` hold it until they are cleared,
 * which the caller does. An empty entry is none. */
bool kb_keys_take(struct kb_keys *keys, char key, uint64_t now_ms);
/* Forgets an entry that was left alone. */
void kb_keys_age(struct kb_keys *keys, uint64_t now_ms);

#endif
