/* The requests of a session, as a table: right, length, what is done. */
#include "kb_box.h"
#include "kb_mem.h"

#define ANSWER 0x80u
#define REFUSED 0xFFu
#define RELEASE_MAX_MS 600000u
#define REBOOT_MS 1500u /* a host that lost the answer asks again twice before */
#define STATUS_SIZE 75u
#define RECORDS_MAX 19u /* of one answer: 512 - head 7 - tag 16 - crc 2 - 13, by 24 */
#define ENVELOPE_TEXT 66u
#define RATE_UNKNOWN 0x7FFFu

/* An answer in the making. */
struct answer {
    uint8_t data[13 + RECORDS_MAX * KB_RECORD];
    size_t length;
    bool is_pending; /* comes later, from kb_requests_poll */
};

typedef enum kb_cause (*handler)(struct kb_box *box, const uint8_t *body, size_t length,
                                 struct answer *answer);

static void put32(struct answer *answer, uint32_t value)
{
    (void)kb_put32(answer->data + answer->length, value);
    answer->length += 4;
}

static void put16(struct answer *answer, uint16_t value)
{
    (void)kb_put16(answer->data + answer->length, value);
    answer->length += 2;
}

static void put8(struct answer *answer, unsigned value)
{
    answer->data[answer->length++] = (uint8_t)value;
}

static uint32_t oldest_of(const struct kb_box *box)
{
    uint32_t oldest = kb_log_oldest(&box->log);
    return oldest > box->state.log_cleared ? oldest : box->state.log_cleared;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum kb_cause status(struct kb_box *box, const uint8_t *body, size_t length,
                            struct answer *answer)
{
    const struct kb_state *state = &box->state;
    bool is_known = box->is_time_known;
    (void)body, (void)length;
    put32(answer, is_known ? kb_clock_middle(box->time) : 0);
    put8(answer, is_known ? 1 : 0);
    put32(answer, is_known ? box->time.earliest_s : 0);
    put32(answer, is_known ? box->time.latest_s : 0);
    put16(answer, (uint16_t)state->clock.rate);
    put8(answer, state->profile);
    put8(answer, state->generation);
    put32(answer, state->budget.lockout_s);
    put8(answer, state->budget.level);
    put8(answer, state->budget.tries_left);
    put16(answer, box->supply.battery_mv);
    put16(answer, (uint16_t)box->supply.temperature);
    put32(answer, state->uses);
    put16(answer, kb_box_inputs(box));
    put16(answer, kb_door_outputs(&box->door));
    put32(answer, box->log.epoch);
    put32(answer, oldest_of(box));
    put32(answer, box->log.next);
    put32(answer, state->log_cleared);
    put32(answer, state->secret_version);
    put32(answer, box->hal->firmware_version);
    put32(answer, box->update.rollback);
    put8(answer, box->update.running);
    put8(answer, box->update.slots[0].state);
    put8(answer, box->update.slots[1].state);
    put8(answer, box->update.start);
    put32(answer, state->boots);
    put32(answer, box->reader.lost);
    return answer->length == STATUS_SIZE ? KB_OK : KB_CAUSE_NOT_SUPPORTED;
}

static enum kb_cause read_log(struct kb_box *box, const uint8_t *body, size_t length,
                              struct answer *answer)
{
    uint32_t from = kb_get32(body + 4);
    uint8_t most = body[8] < RECORDS_MAX ? body[8] : RECORDS_MAX;
    uint8_t count = 0;
    (void)length;
    put32(answer, box->log.epoch);
    put32(answer, oldest_of(box));
    put32(answer, box->log.next);
    answer->length++; /* the count, below */
    if (kb_get32(body) != box->log.epoch) {
        most = 0; /* the reader sees the other epoch and begins anew */
    }
    uint32_t index = from > oldest_of(box) ? from : oldest_of(box);
    while (count < most && index < box->log.next) {
        if (kb_log_read(&box->log, index, answer->data + answer->length)) {
            answer->length += KB_RECORD;
            count++;
        }
        index++;
    }
    answer->data[12] = count;
    return KB_OK;
}

/* --- keeping --------------------------------------------------------------------------------- */

/* Three steps, since RTC and state cannot change as one: whoever cuts the power in between finds a
 * clock that is unknown, never one that is wrong. */
static enum kb_cause set_clock(struct kb_box *box, const uint8_t *body, size_t length,
                               struct answer *answer)
{
    struct kb_clock before = box->state.clock;
    struct kb_clock after = before;
    uint32_t time_s = kb_get32(body);
    uint16_t error_s = kb_get16(body + 4);
    (void)length;
    if (error_s > KB_CLOCK_ERROR_MAX_S || time_s == 0) {
        return KB_CAUSE_BAD_VALUE;
    }
    if (time_s < before.set_s) {
        return KB_CAUSE_TOO_OLD;
    }
    int32_t offset_s = kb_clock_set(&after, box->is_rtc_known, box->rtc_s, time_s, error_s);
    kb_clock_lose(&box->state.clock);
    bool is_set = kb_box_save(box) && box->hal->rtc_write(box->hal->self, time_s);
    if (is_set) {
        box->state.clock = after;
        is_set = kb_box_save(box);
    }
    if (!is_set) {
        kb_clock_lose(&box->state.clock);
        kb_box_look_at_clock(box);
        return KB_CAUSE_STORAGE;
    }
    kb_box_look_at_clock(box);
    put32(answer, (uint32_t)offset_s);
    put16(answer, (uint16_t)after.rate);
    (void)kb_box_log(box, KB_LOG_CLOCK_SET, 0, answer->data, answer->length);
    return KB_OK;
}

/* Whether `token` is HMAC(receipt key, label | words)[:16]. */
static bool has_token(const struct kb_box *box, const char *label, size_t label_length,
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

static enum kb_cause clear_log(struct kb_box *box, const uint8_t *body, size_t length,
                               struct answer *answer)
{
    uint32_t before = box->state.log_cleared;
    uint32_t through = kb_get32(body + 4);
    (void)length;
    if (!has_token(box, "clear", 5, body, 8, body + 8)) {
        return KB_CAUSE_BAD_TOKEN;
    }
    if (kb_get32(body) != box->log.epoch || through >= box->log.next) {
        return KB_CAUSE_BAD_VALUE;
    }
    if (through >= before) {
        box->state.log_cleared = through + 1;
        if (!kb_box_save(box)) {
            box->state.log_cleared = before;
            return KB_CAUSE_STORAGE;
        }
        (void)kb_log_wipe(&box->log, through + 1);
        (void)kb_box_log(box, KB_LOG_CLEARED, 0, body + 4, 4);
    }
    put32(answer, oldest_of(box));
    return KB_OK;
}

/* --- secrets --------------------------------------------------------------------------------- */

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

static enum kb_cause install_secret(struct kb_box *box, const uint8_t *body, size_t length,
                                    struct answer *answer)
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

static enum kb_cause retire(struct kb_box *box, const uint8_t *body, size_t length,
                            struct answer *answer)
{
    uint8_t words[5];
    uint8_t generation = body[0];
    uint8_t before = box->state.generation;
    (void)length, (void)answer;
    (void)kb_put32(words, box->state.secret_version);
    words[4] = generation;
    if (!has_token(box, "retire", 6, words, sizeof words, body + 1)) {
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

/* --- firmware -------------------------------------------------------------------------------- */

static enum kb_cause firmware_begin(struct kb_box *box, const uint8_t *body, size_t length,
                                    struct answer *answer)
{
    uint32_t next = 0;
    (void)length;
    enum kb_cause cause =
        kb_update_begin(&box->update, box->state.kind, body, body + KB_UPDATE_HEADER, &next);
    if (cause != KB_OK && cause != KB_CAUSE_NOT_SUPPORTED) {
        (void)kb_box_log(box, KB_LOG_FIRMWARE_REFUSED, (uint8_t)cause, body + 4, 8);
    }
    put32(answer, next);
    return cause;
}

static enum kb_cause firmware_data(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct answer *answer)
{
    uint32_t next = 0;
    enum kb_cause cause =
        kb_update_data(&box->update, kb_get32(body), body + 4, length - 4, &next);
    put32(answer, next);
    return cause;
}

static enum kb_cause firmware_end(struct kb_box *box, const uint8_t *body, size_t length,
                                  struct answer *answer)
{
    (void)body, (void)length, (void)answer;
    enum kb_cause cause = kb_update_end(&box->update);
    if (cause == KB_OK) {
        box->is_rebooting = true;
        box->reboot_ms = box->now_ms + REBOOT_MS;
    }
    return cause;
}

static enum kb_cause firmware_abort(struct kb_box *box, const uint8_t *body, size_t length,
                                    struct answer *answer)
{
    (void)body, (void)length, (void)answer;
    return kb_update_abort(&box->update);
}

/* --- operating ------------------------------------------------------------------------------- */

static enum kb_cause begin_release(struct kb_box *box, uint32_t pulse_ms, struct answer *answer)
{
    uint8_t data[4];
    (void)kb_put32(data, pulse_ms);
    if (!box->is_fit) {
        return KB_CAUSE_STORAGE;
    }
    box->state.uses++;
    if (!kb_box_save(box) || !kb_box_log(box, KB_LOG_HOST_RELEASED, 0, data, sizeof data)) {
        return KB_CAUSE_STORAGE;
    }
    if (pulse_ms == 0) {
        kb_door_hold(&box->door, box->now_ms);
    } else {
        kb_door_release(&box->door, box->now_ms, pulse_ms);
    }
    box->supply.is_wanted = true;
    answer->is_pending = true;
    kb_notices_inputs(box);
    return KB_OK;
}

static enum kb_cause release(struct kb_box *box, const uint8_t *body, size_t length,
                             struct answer *answer)
{
    uint32_t pulse_ms = kb_get32(body);
    (void)length;
    if (pulse_ms == 0 || pulse_ms > RELEASE_MAX_MS) {
        return KB_CAUSE_BAD_VALUE;
    }
    return begin_release(box, pulse_ms, answer);
}

static enum kb_cause hold(struct kb_box *box, const uint8_t *body, size_t length,
                          struct answer *answer)
{
    (void)body, (void)length;
    return begin_release(box, 0, answer);
}

static enum kb_cause secure(struct kb_box *box, const uint8_t *body, size_t length,
                            struct answer *answer)
{
    (void)body, (void)length;
    kb_door_secure(&box->door, box->now_ms);
    put8(answer, KB_DOOR_DONE);
    kb_notices_inputs(box);
    return KB_OK;
}

static enum kb_cause signal(struct kb_box *box, const uint8_t *body, size_t length,
                            struct answer *answer)
{
    (void)length, (void)answer;
    if (body[0] > KB_FEEDBACK_BUSY) {
        return KB_CAUSE_BAD_VALUE;
    }
    box->hal->feedback(box->hal->self, (enum kb_feedback)body[0]);
    return KB_OK;
}

/* --- a lock's own list ----------------------------------------------------------------------- */

static enum kb_cause list_begin(struct kb_box *box, const uint8_t *body, size_t length,
                                struct answer *answer)
{
    (void)length, (void)answer;
    if (box->state.kind != KB_KIND_LOCK) {
        return KB_CAUSE_NOT_SUPPORTED;
    }
    return kb_list_begin(&box->list, &box->state, kb_get16(body), body + 2);
}

static enum kb_cause list_data(struct kb_box *box, const uint8_t *body, size_t length,
                               struct answer *answer)
{
    (void)answer;
    if (length % KB_LIST_ENTRY != 0) {
        return KB_CAUSE_MALFORMED;
    }
    return kb_list_data(&box->list, &box->state, body, length);
}

static enum kb_cause list_status(struct kb_box *box, const uint8_t *body, size_t length,
                                 struct answer *answer)
{
    uint16_t count = box->list.is_sound ? box->state.list_count : 0;
    (void)body, (void)length;
    memset(answer->data, 0, 32);
    if (count > 0) {
        memcpy(answer->data, box->state.list_digest, 32);
    }
    answer->length = 32;
    put16(answer, count);
    return KB_OK;
}

static enum kb_cause list_end(struct kb_box *box, const uint8_t *body, size_t length,
                              struct answer *answer)
{
    struct kb_state before = box->state;
    uint8_t data[8];
    enum kb_cause cause = kb_list_end(&box->list, &box->state);
    if (cause == KB_OK && !kb_box_save(box)) {
        box->state = before;
        cause = KB_CAUSE_STORAGE;
    }
    kb_wipe(&before, sizeof before);
    if (cause != KB_OK) {
        return cause;
    }
    memcpy(kb_put16(data, box->state.list_count), box->state.list_digest, 6);
    (void)kb_box_log(box, KB_LOG_LIST_PLACED, 0, data, sizeof data);
    return list_status(box, body, length, answer);
}

static enum kb_cause close_session(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct answer *answer)
{
    (void)box, (void)body, (void)length, (void)answer;
    return KB_OK;
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct request {
    uint8_t type;
    uint8_t right; /* 0: none needed */
    uint16_t shortest, longest;
    handler handle;
    bool ends; /* the session, once answered */
} REQUESTS[] = {
    {0x10, KB_RIGHT_READ, 0, 0, status, false},
    {0x11, KB_RIGHT_READ, 9, 9, read_log, false},
    {0x12, KB_RIGHT_CLOCK, 6, 6, set_clock, false},
    {0x13, KB_RIGHT_CLEAR, 24, 24, clear_log, false},
    {0x14, KB_RIGHT_SECRET, 102, 102, install_secret, true},
    {0x15, KB_RIGHT_SECRET, 17, 17, retire, false},
    {0x16, KB_RIGHT_FIRMWARE, 112, 112, firmware_begin, false},
    {0x17, KB_RIGHT_FIRMWARE, 5, 4 + KB_UPDATE_DATA_MAX, firmware_data, false},
    {0x18, KB_RIGHT_FIRMWARE, 0, 0, firmware_end, false},
    {0x19, KB_RIGHT_FIRMWARE, 0, 0, firmware_abort, false},
    {0x20, KB_RIGHT_OPERATE, 4, 4, release, false},
    {0x21, KB_RIGHT_OPERATE, 0, 0, hold, false},
    {0x22, KB_RIGHT_OPERATE, 0, 0, secure, false},
    {0x23, KB_RIGHT_OPERATE, 1, 1, signal, false},
    {0x24, KB_RIGHT_LIST, 34, 34, list_begin, false},
    {0x25, KB_RIGHT_LIST, KB_LIST_ENTRY, 15 * KB_LIST_ENTRY, list_data, false},
    {0x26, KB_RIGHT_LIST, 0, 0, list_end, false},
    {0x27, KB_RIGHT_LIST, 0, 0, list_status, false},
    {0x70, 0, 0, 0, close_session, true},
};

static const struct request *request_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        if (REQUESTS[i].type == type) {
            return &REQUESTS[i];
        }
    }
    return NULL;
}

static enum kb_cause carry_out(struct kb_box *box, const struct request *request,
                               const uint8_t *body, size_t length, struct answer *answer)
{
    if (request == NULL) {
        return KB_CAUSE_UNKNOWN_TYPE;
    }
    if (request->right != 0 && (box->session.rights & request->right) == 0) {
        return KB_CAUSE_NO_RIGHT;
    }
    if (length < request->shortest || length > request->longest) {
        return KB_CAUSE_MALFORMED;
    }
    if (box->is_rebooting && request->type != 0x70) {
        return KB_CAUSE_BUSY;
    }
    return request->handle(box, body, length, answer);
}

void kb_requests_take(struct kb_box *box, uint8_t type, uint8_t seq, const uint8_t *body,
                      size_t length)
{
    struct kb_session *session = &box->session;
    const struct request *request = request_of(type);
    struct answer answer;
    answer.length = 0;
    answer.is_pending = false;
    enum kb_cause cause = carry_out(box, request, body, length, &answer);
    if (cause != KB_OK) {
        uint8_t refusal[1] = {(uint8_t)cause};
        kb_session_send(box, REFUSED, seq, session->counter, refusal, sizeof refusal, true);
        return;
    }
    if (answer.is_pending) {
        session->is_pending = true;
        session->pending_type = type;
        session->pending_seq = seq;
        kb_requests_poll(box);
        return;
    }
    kb_session_send(box, (uint8_t)(type + ANSWER), seq, session->counter, answer.data,
                    answer.length, true);
    if (request->ends) {
        kb_session_end(box, KB_PHASE_ENDED);
    }
}

void kb_requests_poll(struct kb_box *box)
{
    struct kb_session *session = &box->session;
    uint8_t outcome[1] = {(uint8_t)box->door.outcome};
    if (!session->is_pending || box->door.outcome == KB_DOOR_NONE) {
        return;
    }
    session->is_pending = false;
    kb_session_send(box, (uint8_t)(session->pending_type + ANSWER), session->pending_seq,
                    session->counter, outcome, sizeof outcome, true);
}
