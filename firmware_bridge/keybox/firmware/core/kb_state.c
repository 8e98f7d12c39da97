#include "kb_state.h"

#include "kb_mem.h"
#include "kb_seal.h"

#define VERSION 1u
#define SIZE 694u /* of version 1 */
#define SEALED 0x80u /* added to the version of a record that is */

/* Writing and reading run over the same list of fields, so that they cannot come apart. */
struct cursor {
    uint8_t *at;
    bool is_reading;
};

static void bytes(struct cursor *cursor, uint8_t *field, size_t length)
{
    memcpy(cursor->is_reading ? field : cursor->at, cursor->is_reading ? cursor->at : field, length);
    cursor->at += length;
}

static void byte(struct cursor *cursor, uint8_t *field)
{
    bytes(cursor, field, 1);
}

static void flags(struct cursor *cursor, bool *one, bool *two)
{
    uint8_t value = (uint8_t)((*one ? 1 : 0) | (*two ? 2 : 0));
    byte(cursor, &value);
    *one = (value & 1) != 0;
    *two = (value & 2) != 0;
}

static void word16(struct cursor *cursor, uint16_t *field)
{
    if (cursor->is_reading) {
        *field = kb_get16(cursor->at);
    } else {
        (void)kb_put16(cursor->at, *field);
    }
    cursor->at += 2;
}

static void word32(struct cursor *cursor, uint32_t *field)
{
    if (cursor->is_reading) {
        *field = kb_get32(cursor->at);
    } else {
        (void)kb_put32(cursor->at, *field);
    }
    cursor->at += 4;
}

static void clock_fields(struct cursor *cursor, struct kb_clock *clock)
{
    uint16_t rate = (uint16_t)clock->rate;
    flags(cursor, &clock->is_anchored, &clock->is_running);
    word32(cursor, &clock->rtc_s);
    word32(cursor, &clock->earliest_s);
    word32(cursor, &clock->latest_s);
    word32(cursor, &clock->set_s);
    byte(cursor, &clock->set_error_s);
    word16(cursor, &rate);
    word16(cursor, &clock->rate_doubt);
    word16(cursor, &clock->rated_day);
    clock->rate = (int16_t)(rate >= 0x8000 ? (int32_t)rate - 0x10000 : (int32_t)rate);
}

static void fields(struct cursor *cursor, struct kb_state *state)
{
    byte(cursor, &state->kind);
    bytes(cursor, state->device, sizeof state->device);
    bytes(cursor, state->maintenance, sizeof state->maintenance);
    word32(cursor, &state->secret_version);
    bytes(cursor, state->secret, sizeof state->secret);
    byte(cursor, &state->profile);
    byte(cursor, &state->generation);
    byte(cursor, &state->budget.tries_left);
    byte(cursor, &state->budget.level);
    word32(cursor, &state->budget.lockout_s);
    word32(cursor, &state->budget.calm_s);
    clock_fields(cursor, &state->clock);
    word32(cursor, &state->ticket_day);
    word32(cursor, &state->uses);
    word32(cursor, &state->boots);
    word32(cursor, &state->log_epoch);
    word32(cursor, &state->log_floor);
    word32(cursor, &state->log_cleared);
    byte(cursor, &state->list_area);
    word16(cursor, &state->list_count);
    bytes(cursor, state->list_digest, sizeof state->list_digest);
    byte(cursor, &state->used.count);
    for (size_t i = 0; i < KB_USED_MAX; i++) {
        word32(cursor, &state->used.payload[i]);
        word32(cursor, &state->used.end_s[i]);
    }
}

static void make_blank(struct kb_state *state)
{
    memset(state, 0, sizeof *state);
    kb_budget_init(&state->budget);
    kb_clock_init(&state->clock);
}

/* What no firmware of ours writes is not believed, whatever its check says. */
static bool is_sound(const struct kb_state *state)
{
    return state->kind <= KB_KIND_LOCK && state->used.count <= KB_USED_MAX &&
           state->budget.tries_left <= KB_TRIES && state->budget.level <= KB_LEVEL_MAX &&
           state->list_area <= 1;
}

bool kb_state_open(struct kb_state *state, struct kb_store *store, const struct kb_hal *hal)
{
    uint8_t record[KB_STORE_MAX];
    size_t length;
    make_blank(state);
    if (!kb_store_open(store, hal, KB_AREA_STATE, record, sizeof record, &length)) {
        return false;
    }
    if (length == 0) {
        return store->current == store->slots;
    }
    /* On a board that seals, a record that is not sealed is not this device's. */
    bool seals = hal->seal_key != NULL;
    uint8_t *plain = record + 1 + (seals ? KB_SEAL_NONCE : 0);
    bool readable = ((record[0] & SEALED) != 0) == seals;
    readable = readable && (!seals || kb_unseal(hal, record + 1, length - 1));
    length -= readable && seals ? KB_SEAL_EXTRA : 0;
    /* A later version only appends fields: an older firmware, after a fallback, reads its own. */
    readable = readable && (record[0] & ~SEALED) >= VERSION && length >= SIZE;
    if (readable) {
        struct cursor cursor = {plain, true};
        fields(&cursor, state);
    }
    kb_wipe(record, sizeof record);
    if (!readable || !is_sound(state)) {
        make_blank(state);
        return false;
    }
    return true;
}

bool kb_state_save(const struct kb_state *state, struct kb_store *store)
{
    uint8_t record[KB_STORE_MAX];
    struct kb_state copy = *state;
    bool seals = store->hal->seal_key != NULL;
    uint8_t *plain = record + 1 + (seals ? KB_SEAL_NONCE : 0);
    struct cursor cursor = {plain, false};
    record[0] = VERSION;
    fields(&cursor, &copy);
    bool saved = true;
    if (seals) {
        record[0] |= SEALED;
        saved = kb_seal(store->hal, record + 1, (size_t)(cursor.at - plain));
        cursor.at += KB_SEAL_TAG;
    }
    saved = saved && kb_store_save(store, record, (size_t)(cursor.at - record));
    kb_wipe(record, sizeof record);
    kb_wipe(&copy, sizeof copy);
    return saved;
}
