/* Requests of reading and keeping: status, log, clock. */
#include "kb_answer.h"

#define STATUS_SIZE 75u

static uint32_t kb_log_standing(const struct kb_box *box)
{
    uint32_t oldest = kb_log_oldest(&box->log);
    return oldest > box->state.log_cleared ? oldest : box->state.log_cleared;
}


enum kb_cause kb_do_status(struct kb_box *box, const uint8_t *body, size_t length,
                           struct kb_answer *answer)
{
    const struct kb_state *state = &box->state;
    bool is_known = box->is_time_known;
    (void)body, (void)length;
    kb_answer32(answer, is_known ? kb_clock_middle(box->time) : 0);
    kb_answer8(answer, is_known ? 1 : 0);
    kb_answer32(answer, is_known ? box->time.earliest_s : 0);
    kb_answer32(answer, is_known ? box->time.latest_s : 0);
    kb_answer16(answer, (uint16_t)(state->clock.rate == KB_RATE_UNKNOWN ? 0 : state->clock.rate));
    kb_answer8(answer, state->profile);
    kb_answer8(answer, state->generation);
    kb_answer32(answer, state->budget.lockout_s);
    kb_answer8(answer, state->budget.level);
    kb_answer8(answer, state->budget.tries_left);
    kb_answer16(answer, box->supply.battery_mv);
    kb_answer16(answer, (uint16_t)box->supply.temperature);
    kb_answer32(answer, state->uses);
    kb_answer16(answer, kb_box_inputs(box));
    kb_answer16(answer, kb_door_outputs(&box->door));
    kb_answer32(answer, box->log.epoch);
    kb_answer32(answer, kb_log_standing(box));
    kb_answer32(answer, box->log.next);
    kb_answer32(answer, state->log_cleared);
    kb_answer32(answer, state->secret_version);
    kb_answer32(answer, box->hal->firmware_version);
    kb_answer32(answer, box->update.rollback);
    kb_answer8(answer, box->update.running);
    kb_answer8(answer, box->update.slots[0].state);
    kb_answer8(answer, box->update.slots[1].state);
    kb_answer8(answer, box->update.start);
    kb_answer32(answer, state->boots);
    kb_answer32(answer, box->reader.lost);
    return answer->length == STATUS_SIZE ? KB_OK : KB_CAUSE_NOT_SUPPORTED;
}

enum kb_cause kb_do_read_log(struct kb_box *box, const uint8_t *body, size_t length,
                             struct kb_answer *answer)
{
    uint32_t from = kb_get32(body + 4);
    uint8_t most = body[8] < KB_RECORDS_MAX ? body[8] : KB_RECORDS_MAX;
    uint8_t count = 0;
    (void)length;
    kb_answer32(answer, box->log.epoch);
    kb_answer32(answer, kb_log_standing(box));
    kb_answer32(answer, box->log.next);
    answer->length++; /* the count, below */
    if (kb_get32(body) != box->log.epoch) {
        most = 0; /* the reader sees the other epoch and begins anew */
    }
    uint32_t index = from > kb_log_standing(box) ? from : kb_log_standing(box);
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


/* Three steps, since RTC and state cannot change as one: whoever cuts the power in between finds a
 * clock that is unknown, never one that is wrong. */
enum kb_cause kb_do_set_clock(struct kb_box *box, const uint8_t *body, size_t length,
                              struct kb_answer *answer)
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
        return KB_CAUSE_BAD_VALUE;
    }
    int32_t offset_s = kb_clock_set(&after, box->is_rtc_known, box->rtc_s, time_s, (uint8_t)error_s);
    kb_clock_lose(&box->state.clock);
    bool is_set = kb_box_save(box) && box->hal->rtc_write(box->hal->self, time_s);
    box->rtc_s = 0; /* what it showed before is no measure any more */
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
    kb_answer32(answer, (uint32_t)offset_s);
    kb_answer16(answer, (uint16_t)after.rate);
    (void)kb_box_log(box, KB_LOG_CLOCK_SET, 0, answer->data, answer->length);
    return KB_OK;
}

enum kb_cause kb_do_clear_log(struct kb_box *box, const uint8_t *body, size_t length,
                              struct kb_answer *answer)
{
    uint32_t before = box->state.log_cleared;
    uint32_t through = kb_get32(body + 4);
    (void)length;
    if (!kb_has_token(box, "clear", 5, body, 8, body + 8)) {
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
    kb_answer32(answer, kb_log_standing(box));
    return KB_OK;
}
