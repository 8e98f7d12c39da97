/* The requests of a session, as a table: right, length, what is done. */
#include "kb_answer.h"

#define ANSWER 0x80u
#define REFUSED 0xFFu

static enum kb_cause close_session(struct kb_box *box, const uint8_t *body, size_t length,
                                   struct kb_answer *answer)
{
    (void)box, (void)body, (void)length, (void)answer;
    return KB_OK;
}

static const struct request {
    uint8_t type;
    uint8_t right; /* 0: none needed */
    uint16_t shortest, longest;
    kb_handler handle;
    bool is_for_locks; /* alone; a key box has no host that operates it */
    bool ends;         /* the session, once answered */
} REQUESTS[] = {
    {0x10, KB_RIGHT_READ, 0, 0, kb_do_status, false, false},
    {0x11, KB_RIGHT_READ, 9, 9, kb_do_read_log, false, false},
    {0x12, KB_RIGHT_CLOCK, 6, 6, kb_do_set_clock, false, false},
    {0x13, KB_RIGHT_CLEAR, 24, 24, kb_do_clear_log, false, false},
    {0x14, KB_RIGHT_SECRET, 102, 102, kb_do_install_secret, false, true},
    {0x15, KB_RIGHT_SECRET, 17, 17, kb_do_retire, false, false},
    {0x16, KB_RIGHT_FIRMWARE, 112, 112, kb_do_firmware_begin, false, false},
    {0x17, KB_RIGHT_FIRMWARE, 5, 4 + KB_UPDATE_DATA_MAX, kb_do_firmware_data, false, false},
    {0x18, KB_RIGHT_FIRMWARE, 0, 0, kb_do_firmware_end, false, false},
    {0x19, KB_RIGHT_FIRMWARE, 0, 0, kb_do_firmware_abort, false, false},
    {0x20, KB_RIGHT_OPERATE, 4, 4, kb_do_release, true, false},
    {0x21, KB_RIGHT_OPERATE, 0, 0, kb_do_hold, true, false},
    {0x22, KB_RIGHT_OPERATE, 0, 0, kb_do_secure, true, false},
    {0x23, KB_RIGHT_OPERATE, 1, 1, kb_do_signal, true, false},
    {0x24, KB_RIGHT_LIST, 34, 34, kb_do_list_begin, true, false},
    {0x25, KB_RIGHT_LIST, KB_LIST_ENTRY, 15 * KB_LIST_ENTRY, kb_do_list_data, true, false},
    {0x26, KB_RIGHT_LIST, 0, 0, kb_do_list_end, true, false},
    {0x27, KB_RIGHT_LIST, 0, 0, kb_do_list_status, true, false},
    {0x70, 0, 0, 0, close_session, false, true},
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
                               const uint8_t *body, size_t length, struct kb_answer *answer)
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
    if (request->is_for_locks && box->state.kind != KB_KIND_LOCK) {
        return KB_CAUSE_NOT_SUPPORTED;
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
    struct kb_answer answer;
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
