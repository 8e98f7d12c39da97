/* How a session is opened, and how a blank device gets its first secret: in clear, and nothing of it
 * is believed until the proofs hold. */
#include "kb_box.h"
#include "kb_mem.h"

#define HELLO 0x01u
#define OPEN 0x02u
#define PROVISION 0x03u
#define HELLO_ANSWER 0x81u
#define OPEN_ANSWER 0x82u
#define DONE 0x83u

#define TICKET_DAY 1u
#define TICKET_LINK 2u
#define DAY_S 86400u
#define NONCE_MS 30000u
#define WRONG_PROOFS 5u
#define CLOSED_MS 60000u
#define LOG_AGAIN_MS 600000u /* nobody washes the log away, with a cable or with a ticket */

#define OPEN_BODY 39u      /* ticket 1 | day 4 | rights 2 | host nonce 16 | proof 16 */
#define PROVISION_BODY 49u /* device 16 | kind 1 | K_maint 32 */

/* HMAC over label, device and `rest`, as a key. */
static void derive(struct kb_hmac_key *key, const struct kb_hmac_key *from, const char *label,
                   const uint8_t *device, const uint8_t *rest, size_t length)
{
    uint8_t secret[KB_SHA256_SIZE];
    struct kb_hmac hmac;
    size_t label_length = 0;
    while (label[label_length] != '\0') {
        label_length++;
    }
    kb_hmac_init(&hmac, from);
    kb_hmac_update(&hmac, label, label_length);
    kb_hmac_update(&hmac, device, 16);
    kb_hmac_update(&hmac, rest, length);
    kb_hmac_final(&hmac, secret);
    kb_hmac_prepare(key, secret, sizeof secret);
    kb_wipe(secret, sizeof secret);
}

void kb_opening_derive(struct kb_box *box)
{
    const struct kb_state *state = &box->state;
    kb_hmac_prepare(&box->ticket_key, state->maintenance, sizeof state->maintenance);
    const struct kb_hmac_key *from = &box->ticket_key;
    derive(&box->receipt_key, from, "kagimori/keybox/receipt/v1", state->device, NULL, 0);
    derive(&box->wrap_key, from, "kagimori/keybox/wrap/v1", state->device, NULL, 0);
    derive(&box->list_key, from, "kagimori/keybox/list/v1", state->device, NULL, 0);
}

/* HMAC(T, label | device nonce | host nonce). */
static void bind(const struct kb_hmac_key *ticket, const char *label, const uint8_t *device_nonce,
                 const uint8_t *host_nonce, uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_hmac hmac;
    size_t length = 0;
    while (label[length] != '\0') {
        length++;
    }
    kb_hmac_init(&hmac, ticket);
    kb_hmac_update(&hmac, label, length);
    kb_hmac_update(&hmac, device_nonce, KB_NONCE);
    kb_hmac_update(&hmac, host_nonce, KB_NONCE);
    kb_hmac_final(&hmac, digest);
}

static void bind_key(const struct kb_hmac_key *ticket, const char *label,
                     const uint8_t *device_nonce, const uint8_t *host_nonce,
                     struct kb_hmac_key *key)
{
    uint8_t secret[KB_SHA256_SIZE];
    bind(ticket, label, device_nonce, host_nonce, secret);
    kb_hmac_prepare(key, secret, sizeof secret);
    kb_wipe(secret, sizeof secret);
}

static void take_hello(struct kb_box *box, uint8_t seq)
{
    struct kb_session *session = &box->session;
    uint8_t body[42];
    if (!box->hal->random(box->hal->self, session->nonce, KB_NONCE)) {
        session->has_nonce = false;
        kb_session_refuse(box, seq, KB_CAUSE_TRY_LATER);
        return;
    }
    session->has_nonce = true;
    session->nonce_ms = box->now_ms;
    memcpy(body, box->state.device, 16);
    body[16] = box->state.kind;
    (void)kb_put32(kb_put32(body + 17, box->hal->firmware_version), box->state.boots);
    memcpy(body + 25, session->nonce, KB_NONCE);
    body[41] = (uint8_t)((box->is_time_known ? 1 : 0) |
                         (box->state.budget.lockout_s > 0 ? 2 : 0) |
                         (box->state.kind == KB_KIND_BLANK ? 4 : 0) |
                         (kb_update_on_trial(&box->update) ? 8 : 0));
    kb_session_send_clear(box, HELLO_ANSWER, seq, body, sizeof body, false);
}


struct opening {
    uint8_t ticket;
    uint32_t day;
    uint16_t rights;
    const uint8_t *host_nonce;
    const uint8_t *proof;
};

static void log_opening(struct kb_box *box, const struct opening *opening, enum kb_cause cause)
{
    struct kb_session *session = &box->session;
    uint8_t data[7] = {opening->ticket};
    (void)kb_put16(kb_put32(data + 1, opening->day), opening->rights);
    if (cause == KB_OK) {
        bool is_same = session->has_logged_opening &&
                       kb_same(data, session->opening, sizeof session->opening) &&
                       box->now_ms - session->opening_ms < LOG_AGAIN_MS;
        if (!is_same) {
            session->has_logged_opening = true;
            session->opening_ms = box->now_ms;
            memcpy(session->opening, data, sizeof session->opening);
            (void)kb_box_log(box, KB_LOG_SESSION_OPENED, 0, data + 1, 6);
        }
        return;
    }
    if (session->has_logged_refusal && box->now_ms - session->refusal_ms < LOG_AGAIN_MS) {
        return;
    }
    session->has_logged_refusal = true;
    session->refusal_ms = box->now_ms;
    (void)kb_box_log(box, KB_LOG_SESSION_REFUSED, (uint8_t)cause, data + 1, 6);
}

static enum kb_cause check_proof(struct kb_box *box, const struct opening *opening,
                                 const struct kb_hmac_key *ticket)
{
    struct kb_session *session = &box->session;
    uint8_t proof[KB_SHA256_SIZE];
    bool is_fresh = session->has_nonce && box->now_ms - session->nonce_ms < NONCE_MS;
    session->has_nonce = false; /* for one `open` alone */
    if (!is_fresh) {
        return KB_CAUSE_NO_SESSION;
    }
    bind(ticket, "open", session->nonce, opening->host_nonce, proof);
    if (kb_same(proof, opening->proof, KB_TAG_SIZE)) {
        session->wrong_proofs = 0;
        return KB_OK;
    }
    session->wrong_proofs++;
    if (session->wrong_proofs >= WRONG_PROOFS) {
        session->wrong_proofs = 0;
        session->is_closed = true;
        session->closed_ms = box->now_ms;
    }
    log_opening(box, opening, KB_CAUSE_BAD_PROOF);
    return KB_CAUSE_BAD_PROOF;
}

static enum kb_cause check_day(struct kb_box *box, const struct opening *opening)
{
    if (opening->ticket == TICKET_LINK) {
        return KB_OK;
    }
    uint32_t today = kb_clock_middle(box->time) / DAY_S;
    bool is_far = box->is_time_known && (opening->day > today + 1 || opening->day + 1 < today);
    if (opening->day < box->state.ticket_day || is_far) {
        log_opening(box, opening, KB_CAUSE_BAD_DAY);
        return KB_CAUSE_BAD_DAY;
    }
    if (opening->day > box->state.ticket_day) {
        uint32_t before = box->state.ticket_day;
        box->state.ticket_day = opening->day;
        if (!kb_box_save(box)) {
            box->state.ticket_day = before;
            return KB_CAUSE_STORAGE;
        }
    }
    return KB_OK;
}

static void ticket_of(struct kb_box *box, const struct opening *opening,
                      struct kb_hmac_key *ticket)
{
    uint8_t rest[6];
    (void)kb_put16(kb_put32(rest, opening->day), opening->rights);
    if (opening->ticket == TICKET_DAY) {
        derive(ticket, &box->ticket_key, "kagimori/keybox/ticket/v1", box->state.device, rest, 6);
    } else {
        derive(ticket, &box->ticket_key, "kagimori/keybox/link/v1", box->state.device, rest + 4, 2);
    }
}

static void begin_session(struct kb_box *box, const struct opening *opening,
                          const struct kb_hmac_key *ticket)
{
    struct kb_session *session = &box->session;
    const uint8_t *nonce = session->nonce;
    bind_key(ticket, "host/mac", nonce, opening->host_nonce, &session->host_mac);
    bind_key(ticket, "host/enc", nonce, opening->host_nonce, &session->host_enc);
    bind_key(ticket, "device/mac", nonce, opening->host_nonce, &session->device_mac);
    bind_key(ticket, "device/enc", nonce, opening->host_nonce, &session->device_enc);
    session->phase = KB_PHASE_OPEN;
    session->is_link = opening->ticket == TICKET_LINK;
    session->rights = opening->rights;
    session->valid_ms = box->now_ms;
    session->counter = 0;
    session->is_pending = false;
    box->had_session = true;
    log_opening(box, opening, KB_OK);
    kb_notices_start(box);
}

static enum kb_cause try_open(struct kb_box *box, const struct opening *opening, uint8_t proof[32])
{
    struct kb_hmac_key ticket;
    bool is_known = opening->ticket == TICKET_DAY ||
                    (opening->ticket == TICKET_LINK && opening->day == 0);
    if (box->state.kind == KB_KIND_BLANK) {
        return KB_CAUSE_BLANK;
    }
    if (box->session.is_closed && box->now_ms - box->session.closed_ms < CLOSED_MS) {
        return KB_CAUSE_TRY_LATER;
    }
    box->session.is_closed = false;
    if (!is_known || opening->rights == 0 || (opening->rights & ~(unsigned)KB_RIGHTS_ALL) != 0) {
        return KB_CAUSE_BAD_VALUE;
    }
    ticket_of(box, opening, &ticket);
    enum kb_cause cause = check_proof(box, opening, &ticket);
    cause = cause == KB_OK ? check_day(box, opening) : cause;
    if (cause == KB_OK) {
        bind(&ticket, "opened", box->session.nonce, opening->host_nonce, proof);
        begin_session(box, opening, &ticket);
    }
    kb_wipe(&ticket, sizeof ticket);
    return cause;
}

static void take_open(struct kb_box *box, const uint8_t *frame, size_t length)
{
    struct kb_session *session = &box->session;
    const uint8_t *body = frame + KB_FRAME_HEAD;
    uint8_t digest[KB_SHA256_SIZE];
    uint8_t proof[KB_SHA256_SIZE];
    struct opening opening = {.ticket = body[0],
                              .day = kb_get32(body + 1),
                              .rights = kb_get16(body + 5),
                              .host_nonce = body + 7,
                              .proof = body + 7 + KB_NONCE};
    kb_sha256(frame, length, digest);
    if (session->phase == KB_PHASE_OPEN && session->counter == 0 &&
        kb_same(digest, session->open_tag, sizeof digest)) {
        /* The answer was lost on its way. */
        box->hal->uart_write(box->hal->self, session->answer, session->answer_length);
        return;
    }
    enum kb_cause cause = try_open(box, &opening, proof);
    if (cause != KB_OK) {
        kb_session_refuse(box, frame[2], cause);
        return;
    }
    memcpy(session->open_tag, digest, sizeof digest);
    kb_session_send_clear(box, OPEN_ANSWER, frame[2], proof, KB_TAG_SIZE, true);
}

static void take_provision(struct kb_box *box, uint8_t seq, const uint8_t *body)
{
    struct kb_state *state = &box->state;
    uint8_t kind = body[16];
    bool is_same = state->kind == kind && state->secret_version == 0 &&
                   kb_same(state->device, body, 16) && kb_same(state->maintenance, body + 17, 32);
    if (kind != KB_KIND_KEY_BOX && kind != KB_KIND_LOCK) {
        kb_session_refuse(box, seq, KB_CAUSE_BAD_VALUE);
        return;
    }
    if (!is_same) {
        if (state->kind != KB_KIND_BLANK || !box->is_fit) {
            kb_session_refuse(box, seq, state->kind != KB_KIND_BLANK ? KB_CAUSE_NOT_BLANK
                                                                : KB_CAUSE_STORAGE);
            return;
        }
        state->kind = kind;
        memcpy(state->device, body, 16);
        memcpy(state->maintenance, body + 17, 32);
        if (!kb_box_save(box)) {
            state->kind = KB_KIND_BLANK;
            kb_wipe(state->device, sizeof state->device);
            kb_wipe(state->maintenance, sizeof state->maintenance);
            kb_session_refuse(box, seq, KB_CAUSE_STORAGE);
            return;
        }
        kb_box_derive(box);
    }
    kb_session_send_clear(box, DONE, seq, NULL, 0, false);
}

void kb_opening_take(struct kb_box *box, const uint8_t *frame, size_t length)
{
    static const struct {
        uint8_t type;
        uint8_t length;
    } BODIES[] = {{HELLO, 0}, {OPEN, OPEN_BODY}, {PROVISION, PROVISION_BODY}};
    uint8_t type = frame[1];
    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        if (type == BODIES[i].type && length - KB_FRAME_HEAD != BODIES[i].length) {
            kb_session_refuse(box, frame[2], KB_CAUSE_MALFORMED);
            return;
        }
    }
    if (type == HELLO) {
        take_hello(box, frame[2]);
    } else if (type == OPEN) {
        take_open(box, frame, length);
    } else if (type == PROVISION) {
        take_provision(box, frame[2], frame + KB_FRAME_HEAD);
    } else {
        kb_session_refuse(box, frame[2], KB_CAUSE_UNKNOWN_TYPE);
    }
}
