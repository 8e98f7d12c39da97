/* Requests of changing secrets: a new envelope, a generation that retires others. */
#include "kb_answer.h"

#define ENVELOPE_TEXT 66u

bool kb_has_token(const struct kb_box *box, const char *label, size_t label_length,
                  const uint8_t *words, size_t length, const uint8_t *token)
{
    uint8_t digest[KB_SHA256_SIZE];
    struct kb_hmac hmac;
    kb_hmac_init(&hmac, &box->receipt_key);
    kb_hmac_update(&hmac, label, label_length);
    kb_hmac_update(&hmac, words, length);
    kb_hmac_final(&hmac, digest);
    return kb_same(digest, token, KB_TAG_SIZE);
}


/* Opens an envelope: version 4 | iv 16 | ciphertext 66 | tag 16. */
static bool unwrap(const struct kb_box *box, const uint8_t *envelope, uint8_t text[ENVELOPE_TEXT])
{
    uint8_t secret[KB_SHA256_SIZE];
    uint8_t message[18];
    struct kb_hmac_key key;
    kb_hmac_of(&box->wrap_key, "mac", 3, secret);
    kb_hmac_prepare(&key, secret, sizeof secret);
    kb_hmac_of(&key, envelope, 20 + ENVELOPE_TEXT, secret);
    if (!kb_same(secret, envelope + 20 + ENVELOPE_TEXT, KB_TAG_SIZE)) {
        return false;
    }
    kb_hmac_of(&box->wrap_key, "enc", 3, secret);
    kb_hmac_prepare(&key, secret, sizeof secret);
    memcpy(message, envelope + 4, 16);
    for (size_t i = 0; i < ENVELOPE_TEXT; i++) {
        if (i % sizeof secret == 0) {
            (void)kb_put16(message + 16, (uint16_t)(i / sizeof secret));
            kb_hmac_of(&key, message, sizeof message, secret);
        }
        text[i] = envelope[20 + i] ^ secret[i % sizeof secret];
    }
    kb_wipe(secret, sizeof secret);
    kb_wipe(&key, sizeof key);
    return true;
}

static void adopt(struct kb_state *state, uint32_t version, const uint8_t text[ENVELOPE_TEXT])
{
    bool same_codes = kb_same(state->secret, text, 32) && state->profile == text[64];
    if (!kb_same(state->maintenance, text + 32, 32)) {
        /* Entries of the list in force are digests under a key that is gone. */
        state->list_count = 0;
        memset(state->list_digest, 0, sizeof state->list_digest);
    }
    if (!same_codes) {
        /* Under the same secret a used code would open again. */
        state->used.count = 0;
    }
    memcpy(state->secret, text, 32);
    memcpy(state->maintenance, text + 32, 32);
    state->profile = text[64];
    state->generation = text[65];
    state->secret_version = version;
}

enum kb_cause kb_do_install_secret(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct kb_answer *answer)
{
    uint8_t text[ENVELOPE_TEXT];
    uint8_t data[4];
    uint32_t version = kb_get32(body);
    (void)length, (void)answer;
    if (!unwrap(box, body, text)) {
        return KB_CAUSE_BAD_TOKEN;
    }
    const struct kb_profile *profile = kb_profile_numbered(text[64]);
    enum kb_cause cause = version <= box->state.secret_version ? KB_CAUSE_TOO_OLD
                          : profile == NULL || text[65] >= profile->generations
                              ? KB_CAUSE_BAD_VALUE
                              : KB_OK;
    if (cause == KB_OK) {
        struct kb_state before = box->state;
        adopt(&box->state, version, text);
        if (!kb_box_save(box)) {
            box->state = before;
            cause = KB_CAUSE_STORAGE;
        }
        kb_wipe(&before, sizeof before);
    }
    kb_wipe(text, sizeof text);
    if (cause == KB_OK) {
        kb_box_derive(box);
        box->list.is_writing = false;
        (void)kb_put32(data, version);
        (void)kb_box_log(box, KB_LOG_SECRET_CHANGED, 0, data, sizeof data);
    }
    return cause;
}

enum kb_cause kb_do_retire(struct kb_box *box, const uint8_t *body, size_t length,
                           struct kb_answer *answer)
{
    uint8_t words[5];
    uint8_t generation = body[0];
    uint8_t before = box->state.generation;
    (void)length, (void)answer;
    (void)kb_put32(words, box->state.secret_version);
    words[4] = generation;
    if (!kb_has_token(box, "retire", 6, words, sizeof words, body + 1)) {
        return KB_CAUSE_BAD_TOKEN;
    }
    if (box->profile == NULL || generation >= box->profile->generations) {
        return KB_CAUSE_BAD_VALUE;
    }
    unsigned circle = box->profile->generations;
    unsigned steps = (generation + circle - before) % circle;
    if (steps >= circle / 2) {
        return KB_CAUSE_TOO_OLD; /* behind in the circle: a token of long ago */
    }
    if (steps == 0) {
        return KB_OK;
    }
    box->state.generation = generation;
    if (!kb_box_save(box)) {
        box->state.generation = before;
        return KB_CAUSE_STORAGE;
    }
    (void)kb_box_log(box, KB_LOG_GENERATION_RETIRED, 0, &generation, 1);
    return KB_OK;
}
