/* Requests of a host that operates a lock: the bolt, its feedback, its own list. */
#include "kb_answer.h"

#define RELEASE_MAX_MS 300000u


static enum kb_cause begin_release(struct kb_box *box, uint32_t pulse_ms, struct kb_answer *answer)
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

enum kb_cause kb_do_release(struct kb_box *box, const uint8_t *body, size_t length,
                            struct kb_answer *answer)
{
    uint32_t pulse_ms = kb_get32(body);
    (void)length;
    if (pulse_ms == 0 || pulse_ms > RELEASE_MAX_MS) {
        return KB_CAUSE_BAD_VALUE;
    }
    return begin_release(box, pulse_ms, answer);
}

enum kb_cause kb_do_hold(struct kb_box *box, const uint8_t *body, size_t length,
                         struct kb_answer *answer)
{
    (void)body, (void)length;
    return begin_release(box, 0, answer);
}

enum kb_cause kb_do_secure(struct kb_box *box, const uint8_t *body, size_t length,
                           struct kb_answer *answer)
{
    (void)body, (void)length;
    kb_door_secure(&box->door, box->now_ms);
    kb_answer8(answer, KB_DOOR_DONE);
    kb_notices_inputs(box);
    return KB_OK;
}

enum kb_cause kb_do_signal(struct kb_box *box, const uint8_t *body, size_t length,
                           struct kb_answer *answer)
{
    (void)length, (void)answer;
    if (body[0] > KB_FEEDBACK_BUSY) {
        return KB_CAUSE_BAD_VALUE;
    }
    box->hal->feedback(box->hal->self, (enum kb_feedback)body[0]);
    return KB_OK;
}


enum kb_cause kb_do_list_begin(struct kb_box *box, const uint8_t *body, size_t length,
                               struct kb_answer *answer)
{
    (void)length, (void)answer;
    return kb_list_begin(&box->list, &box->state, kb_get16(body), body + 2);
}

enum kb_cause kb_do_list_data(struct kb_box *box, const uint8_t *body, size_t length,
                              struct kb_answer *answer)
{
    (void)answer;
    if (length % KB_LIST_ENTRY != 0) {
        return KB_CAUSE_MALFORMED;
    }
    return kb_list_data(&box->list, &box->state, body, length);
}

enum kb_cause kb_do_list_status(struct kb_box *box, const uint8_t *body, size_t length,
                                struct kb_answer *answer)
{
    uint16_t count = box->list.is_sound ? box->state.list_count : 0;
    (void)body, (void)length;
    memset(answer->data, 0, 32);
    if (count > 0) {
        memcpy(answer->data, box->state.list_digest, 32);
    }
    answer->length = 32;
    kb_answer16(answer, count);
    return KB_OK;
}

enum kb_cause kb_do_list_end(struct kb_box *box, const uint8_t *body, size_t length,
                             struct kb_answer *answer)
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
    return kb_do_list_status(box, body, length, answer);
}
