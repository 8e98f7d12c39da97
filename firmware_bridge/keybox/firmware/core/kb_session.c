/* Frames in clear and secured, repetition, silence. */
#include "kb_box.h"
#include "kb_mem.h"

#define REFUSED 0xFEu
#define FIRST_SECURED 0x10u
#define FIRST_CLEAR_ANSWER 0x81u
#define LAST_CLEAR_ANSWER 0x83u
#define NOTICED 0x61u
#define DAY_SILENCE_MS 60000u
#define LINK_SILENCE_MS 10000u
#define AGAIN_MS 250u

#define SECURED_HEAD (KB_FRAME_HEAD + 4u)

static void send_frame(struct kb_box *box, size_t length, bool is_answer)
{
    struct kb_session *session = &box->session;
    uint8_t wire[KB_FRAME_ENCODED_MAX];
    size_t encoded = kb_frame_encode(session->frame, length, wire);
    box->hal->uart_write(box->hal->self, wire, encoded);
    if (is_answer) {
        memcpy(session->answer, wire, encoded);
        session->answer_length = encoded;
    }
}

void kb_session_send_clear(struct kb_box *box, uint8_t type, uint8_t seq, const uint8_t *body,
                       size_t length, bool is_answer)
{
    uint8_t *frame = box->session.frame;
    frame[0] = KB_FRAME_VERSION;
    frame[1] = type;
    frame[2] = seq;
    if (length > 0) {
        memcpy(frame + KB_FRAME_HEAD, body, length);
    }
    send_frame(box, KB_FRAME_HEAD + length, is_answer);
}

void kb_session_refuse(struct kb_box *box, uint8_t seq, enum kb_cause cause)
{
    uint8_t body[1] = {(uint8_t)cause};
    kb_session_send_clear(box, REFUSED, seq, body, sizeof body, false);
}

static void apply_keystream(const struct kb_hmac_key *key, uint8_t type, uint32_t counter,
                            uint8_t *data, size_t length)
{
    uint8_t message[7];
    uint8_t block[KB_SHA256_SIZE];
    message[0] = type;
    (void)kb_put32(message + 1, counter);
    for (size_t i = 0; i < length; i++) {
        if (i % sizeof block == 0) {
            (void)kb_put16(message + 5, (uint16_t)(i / sizeof block));
            kb_hmac_of(key, message, sizeof message, block);
        }
        data[i] ^= block[i % sizeof block];
    }
    kb_wipe(block, sizeof block);
}

void kb_session_send(struct kb_box *box, uint8_t type, uint8_t seq, uint32_t counter,
                     const uint8_t *body, size_t length, bool is_answer)
{
    struct kb_session *session = &box->session;
    uint8_t *frame = session->frame;
    uint8_t tag[KB_SHA256_SIZE];
    frame[0] = KB_FRAME_VERSION;
    frame[1] = type;
    frame[2] = seq;
    (void)kb_put32(frame + KB_FRAME_HEAD, counter);
    if (length > 0) {
        memcpy(frame + SECURED_HEAD, body, length);
    }
    apply_keystream(&session->device_enc, type, counter, frame + SECURED_HEAD, length);
    kb_hmac_of(&session->device_mac, frame, SECURED_HEAD + length, tag);
    memcpy(frame + SECURED_HEAD + length, tag, KB_TAG_SIZE);
    send_frame(box, SECURED_HEAD + length + KB_TAG_SIZE, is_answer);
}

static void take_request(struct kb_box *box, const uint8_t *frame, size_t body_length)
{
    struct kb_session *session = &box->session;
    uint32_t counter = kb_get32(frame + KB_FRAME_HEAD);
    const uint8_t *tag = frame + SECURED_HEAD + body_length;
    if (counter == session->counter && counter != 0) {
        if (kb_same(tag, session->last_tag, KB_TAG_SIZE) && !session->is_pending) {
            box->hal->uart_write(box->hal->self, session->answer, session->answer_length);
        }
        return;
    }
    if (session->phase != KB_PHASE_OPEN || counter != session->counter + 1 || counter == 0 ||
        session->is_pending) {
        return;
    }
    session->counter = counter;
    session->valid_ms = box->now_ms;
    memcpy(session->last_tag, tag, KB_TAG_SIZE);
    memcpy(session->body, frame + SECURED_HEAD, body_length);
    apply_keystream(&session->host_enc, frame[1], counter, session->body, body_length);
    kb_requests_take(box, frame[1], frame[2], session->body, body_length);
    kb_wipe(session->body, sizeof session->body);
}

static void take_secured(struct kb_box *box, const uint8_t *frame, size_t length)
{
    struct kb_session *session = &box->session;
    uint8_t tag[KB_SHA256_SIZE];
    if (session->phase == KB_PHASE_NONE) {
        kb_session_refuse(box, frame[2], KB_CAUSE_NO_SESSION);
        return;
    }
    if (length < SECURED_HEAD + KB_TAG_SIZE) {
        box->reader.lost++;
        return;
    }
    size_t body_length = length - SECURED_HEAD - KB_TAG_SIZE;
    kb_hmac_of(&session->host_mac, frame, SECURED_HEAD + body_length, tag);
    if (!kb_same(tag, frame + SECURED_HEAD + body_length, KB_TAG_SIZE)) {
        box->reader.lost++;
        return;
    }
    if (frame[1] != NOTICED) {
        take_request(box, frame, body_length);
    } else if (body_length == 0 && session->phase == KB_PHASE_OPEN) {
        kb_notices_noticed(box, frame[2], kb_get32(frame + KB_FRAME_HEAD));
    }
}

void kb_session_take(struct kb_box *box, const uint8_t *frame, size_t length)
{
    uint8_t type = frame[1];
    bool is_clear = type < FIRST_SECURED || type == REFUSED ||
                    (type >= FIRST_CLEAR_ANSWER && type <= LAST_CLEAR_ANSWER);
    if (is_clear) {
        kb_opening_take(box, frame, length);
    } else {
        take_secured(box, frame, length);
    }
}

bool kb_session_has_host(const struct kb_box *box)
{
    const struct kb_session *session = &box->session;
    return session->phase == KB_PHASE_OPEN && session->is_link &&
           (session->rights & KB_RIGHT_OPERATE) != 0;
}

void kb_session_end(struct kb_box *box, enum kb_phase phase)
{
    struct kb_session *session = &box->session;
    session->phase = phase;
    session->is_pending = false;
    session->is_telling = false;
    session->notice_count = 0;
    if (phase == KB_PHASE_NONE) {
        kb_wipe(&session->host_mac, sizeof session->host_mac);
        kb_wipe(&session->host_enc, sizeof session->host_enc);
        kb_wipe(&session->device_mac, sizeof session->device_mac);
        kb_wipe(&session->device_enc, sizeof session->device_enc);
    }
}

static uint64_t silence_ms(const struct kb_session *session)
{
    return session->is_link ? LINK_SILENCE_MS : DAY_SILENCE_MS;
}

void kb_session_poll(struct kb_box *box)
{
    struct kb_session *session = &box->session;
    if (kb_session_has_host(box)) {
        box->host_ms = box->now_ms;
    }
    if (session->phase != KB_PHASE_NONE &&
        box->now_ms - session->valid_ms >= silence_ms(session)) {
        kb_session_end(box, KB_PHASE_NONE);
    }
    kb_requests_poll(box);
    kb_notices_poll(box);
}

uint64_t kb_session_due_ms(const struct kb_box *box, uint64_t most)
{
    const struct kb_session *session = &box->session;
    if (session->phase == KB_PHASE_NONE) {
        return most;
    }
    uint64_t due_ms = session->valid_ms + silence_ms(session);
    if (session->notice_count > 0) {
        uint64_t at_ms = session->is_telling ? session->told_ms + AGAIN_MS : box->now_ms;
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    uint64_t left_ms = due_ms > box->now_ms ? due_ms - box->now_ms : 0;
    return left_ms < most ? left_ms : most;
}
