/* Judges codes line by line, to be compared with the hub's side of the same rules.
 *
 *     profile secret lock digits earliest latest newest used
 *     1 00..ff(64) 00..ff(32) 123456789 400000000 400001200 3 -
 *
 * `used` is the payload of a one-time code that was used, or `-`. Prints the verdict's number as in
 * the log, then shape, slot, generation and variant, or `-` where the digits are no code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kb_code.h"
#include "kb_used.h"

static int read_hex(const char *text, uint8_t *bytes, size_t length)
{
    if (strlen(text) != 2 * length) {
        return 0;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned value;
        if (sscanf(text + 2 * i, "%2x", &value) != 1) {
            return 0;
        }
        bytes[i] = (uint8_t)value;
    }
    return 1;
}

static enum kb_verdict judge(const struct kb_profile *profile, const struct kb_sealed_code *code,
                             struct kb_interval clock, uint8_t newest, const char *payload)
{
    struct kb_used used = {0};
    enum kb_verdict verdict = kb_code_judge(profile, code, clock, newest);
    if (payload[0] != '-') {
        (void)kb_used_add(&used, (uint32_t)strtoul(payload, NULL, 10), 0xFFFFFFFFu);
    }
    if (verdict == KB_VALID && kb_code_is_once(profile, code) &&
        kb_used_holds(&used, code->payload)) {
        return KB_USED;
    }
    return verdict;
}

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char secret_text[65], lock_text[33], digits[17], payload[17];
        unsigned number, newest;
        unsigned long earliest, latest;
        uint8_t secret[32], lock[16];
        struct kb_hmac_key key;
        struct kb_sealed_code code;
        int fields = sscanf(line, "%u %64s %32s %16s %lu %lu %u %16s", &number, secret_text,
                            lock_text, digits, &earliest, &latest, &newest, payload);
        const struct kb_profile *profile =
            fields == 8 && number <= 0xFF ? kb_profile_numbered((uint8_t)number) : NULL;
        if (profile == NULL || !kb_profile_holds(profile) || !read_hex(secret_text, secret, 32) ||
            !read_hex(lock_text, lock, 16)) {
            (void)fprintf(stderr, "not understood: %s", line);
            return 1;
        }
        kb_code_key(&key, secret, lock);
        if (!kb_code_open(profile, &key, digits, strlen(digits), &code)) {
            (void)printf("%d -\n", KB_NOT_A_CODE);
            continue;
        }
        struct kb_interval clock = {(uint32_t)earliest, (uint32_t)latest};
        (void)printf("%d %u %lu %u %u\n", judge(profile, &code, clock, (uint8_t)newest, payload),
                     code.shape, (unsigned long)code.slot, code.generation, code.variant);
    }
    return 0;
}
