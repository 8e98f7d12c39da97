/* What becomes of a confirmed entry.
 *
 * A try is spent, and saved, *before* anything is compared, and given back to an entry that costs
 * none: whoever cuts the power in between has lost it. A box that cannot save does not open.
 */
#include "kb_box.h"
#include "kb_mem.h"

#define THROTTLED_LOG_MS 60000u
#define LIST_LABEL_SIZE (sizeof LIST_LABEL - 1)

static const uint8_t LIST_LABEL[] = "kagimori/lock-list/v1";

struct judged {
    enum kb_verdict verdict;
    bool is_code;
    bool is_listed;
    struct kb_sealed_code code;
    uint8_t reference[KB_LIST_REFERENCE];
};

static void code_data(const struct judged *judged, uint8_t data[8])
{
    memset(data, 0, 8);
    if (judged->is_code) {
        data[0] = judged->code.shape;
        data[1] = judged->code.generation;
        data[2] = judged->code.variant;
        (void)kb_put32(data + 4, judged->code.slot);
    }
}

/* An entry that was not even looked at: logged once a minute, lest it flood the ring. */
static void turn_away(struct kb_box *box, enum kb_verdict verdict)
{
    static const uint8_t NOTHING[8] = {0};
    box->hal->feedback(box->hal->self, verdict == KB_THROTTLED ? KB_FEEDBACK_LOCKED_OUT
                                                               : KB_FEEDBACK_DENIED);
    if (box->has_logged_throttled && box->now_ms - box->throttled_ms < THROTTLED_LOG_MS) {
        return;
    }
    box->has_logged_throttled = true;
    box->throttled_ms = box->now_ms;
    (void)kb_box_log(box, KB_LOG_REFUSED, (uint8_t)verdict, NOTHING, sizeof NOTHING);
}

static bool has_list(const struct kb_box *box)
{
    return box->state.kind == KB_KIND_LOCK && box->list.is_sound && box->state.list_count > 0;
}

static void judge_listed(struct kb_box *box, const char *digits, size_t count,
                         struct judged *judged)
{
    uint8_t digest[KB_SHA256_SIZE];
    struct kb_hmac hmac;
    struct kb_list_match match;
    kb_hmac_init(&hmac, &box->list_key);
    kb_hmac_update(&hmac, LIST_LABEL, LIST_LABEL_SIZE);
    kb_hmac_update(&hmac, box->state.device, sizeof box->state.device);
    kb_hmac_update(&hmac, digits, count);
    kb_hmac_final(&hmac, digest);
    kb_list_find(&box->list, &box->state, digest, box->time, &match);
    judged->verdict = match.verdict;
    judged->is_listed = match.verdict != KB_NOT_A_CODE;
    if (judged->is_listed) {
        memcpy(judged->reference, match.reference, sizeof judged->reference);
    }
}

static void judge_sealed(struct kb_box *box, const char *digits, size_t count,
                         struct judged *judged)
{
    struct kb_sealed_code *code = &judged->code;
    judged->is_code = box->profile != NULL &&
                      kb_code_open(box->profile, &box->code_key, digits, count, code);
    judged->verdict = KB_NOT_A_CODE;
    if (!judged->is_code) {
        return;
    }
    judged->verdict = kb_code_judge(box->profile, code, box->time, box->state.generation);
    if (judged->verdict != KB_VALID || !kb_code_is_once(box->profile, code)) {
        return;
    }
    if (kb_used_holds(&box->state.used, code->payload)) {
        judged->verdict = KB_USED;
        return;
    }
    kb_used_expire(&box->state.used, box->time.earliest_s);
    if (!kb_used_add(&box->state.used, code->payload, code->end_s)) {
        judged->verdict = KB_ONE_TIME_FULL;
    }
}

/* What a valid code leaves behind in the state; whether it retired a generation. */
static bool remember(struct kb_box *box, const struct judged *judged)
{
    struct kb_state *state = &box->state;
    state->uses++;
    if (!judged->is_code) {
        return false;
    }
    kb_clock_narrow(&state->clock, box->rtc_s, box->time, judged->code.start_s,
                    judged->code.end_s);
    bool retires = kb_code_is_ahead(box->profile, judged->code.generation, state->generation);
    if (retires) {
        state->generation = judged->code.generation;
    }
    return retires;
}

static void refuse(struct kb_box *box, const struct judged *judged)
{
    uint8_t data[8];
    code_data(judged, data);
    box->hal->feedback(box->hal->self, KB_FEEDBACK_DENIED);
    (void)kb_box_log(box, KB_LOG_REFUSED, (uint8_t)judged->verdict, data, sizeof data);
}

static void accept(struct kb_box *box, const struct judged *judged)
{
    uint8_t data[8];
    bool is_logged;
    bool retires = remember(box, judged);
    if (!kb_box_save(box)) {
        box->hal->feedback(box->hal->self, KB_FEEDBACK_DENIED);
        return;
    }
    if (judged->is_listed) {
        is_logged = kb_box_log(box, KB_LOG_LIST_ACCEPTED, KB_VALID, judged->reference,
                               sizeof judged->reference);
    } else {
        code_data(judged, data);
        is_logged = kb_box_log(box, KB_LOG_ACCEPTED, KB_VALID, data, sizeof data);
    }
    if (retires) {
        (void)kb_box_log(box, KB_LOG_GENERATION_RETIRED, 0, &box->state.generation, 1);
    }
    if (!is_logged) {
        /* No entry without a record of it. */
        box->hal->feedback(box->hal->self, KB_FEEDBACK_DENIED);
        return;
    }
    kb_box_look_at_clock(box);
    box->hal->feedback(box->hal->self, KB_FEEDBACK_GRANTED);
    kb_door_release(&box->door, box->now_ms, KB_UNLOCK_MS);
    box->supply.is_wanted = true;
}

static void log_lockout(struct kb_box *box, uint32_t length_s)
{
    uint8_t data[4];
    (void)kb_put32(data, length_s);
    (void)kb_box_log(box, KB_LOG_LOCKOUT, 0, data, sizeof data);
    box->has_logged_throttled = false;
}

void kb_entry_resume(struct kb_box *box)
{
    struct kb_budget *budget = &box->state.budget;
    if (budget->tries_left == 0 && budget->lockout_s == 0) {
        /* A record of ours never says so; whoever made one gains nothing. */
        (void)kb_budget_spend(budget);
    }
    box->budget_ms = box->now_ms;
}

/* Spends a try in the storage; false where that fails, and nothing may be compared then. */
static bool spend(struct kb_box *box, uint32_t *lockout_s)
{
    *lockout_s = kb_budget_spend(&box->state.budget);
    box->budget_ms = box->now_ms;
    return kb_box_save(box);
}

void kb_entry_take(struct kb_box *box, const char *digits, size_t count)
{
    struct judged judged = {.verdict = KB_NOT_A_CODE};
    struct kb_budget before = box->state.budget;
    uint32_t lockout_s;
    if (before.lockout_s > 0) {
        turn_away(box, KB_THROTTLED);
        return;
    }
    if (box->profile == NULL && !has_list(box)) {
        turn_away(box, KB_NO_SECRET);
        return;
    }
    if (!box->is_time_known) {
        turn_away(box, KB_CLOCK_UNKNOWN);
        return;
    }
    if (!box->is_fit || !spend(box, &lockout_s)) {
        box->state.budget = before;
        box->hal->feedback(box->hal->self, KB_FEEDBACK_DENIED);
        return;
    }
    if (has_list(box) && count <= KB_KEYS_MAX) {
        judge_listed(box, digits, count, &judged);
    }
    if (!judged.is_listed && count <= KB_KEYS_MAX) {
        judge_sealed(box, digits, count, &judged);
    }
    if (judged.verdict == KB_VALID) {
        box->state.budget = before;
        accept(box, &judged);
        return;
    }
    if (judged.verdict == KB_EARLY || judged.verdict == KB_ONE_TIME_FULL) {
        box->state.budget = before;
        (void)kb_box_save(box); /* where it fails the try stays spent: the safe side */
        lockout_s = 0;
    }
    refuse(box, &judged);
    if (lockout_s > 0) {
        log_lockout(box, lockout_s);
        box->hal->feedback(box->hal->self, KB_FEEDBACK_LOCKED_OUT);
    }
}
