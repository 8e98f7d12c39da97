#include "kb_keys.h"

#include "kb_mem.h"

void kb_keys_clear(struct kb_keys *keys)
{
    kb_wipe(keys->digits, sizeof keys->digits);
    keys->count = 0;
}

void kb_keys_age(struct kb_keys *keys, uint64_t now_ms)
{
    if (keys->count > 0 && now_ms - keys->last_ms >= KB_KEYS_PATIENCE_MS) {
        kb_keys_clear(keys);
    }
}

bool kb_keys_take(struct kb_keys *keys, char key, uint64_t now_ms)
{
    kb_keys_age(keys, now_ms);
    keys->last_ms = now_ms;
    if (key == '#') {
        return keys->count > 0;
    }
    if (key < '0' || key > '9') {
        kb_keys_clear(keys);
        return false;
    }
    if (keys->count < KB_KEYS_MAX) {
        keys->digits[keys->count++] = key;
    } else {
        keys->count = KB_KEYS_MAX + 1;
    }
    return false;
}
