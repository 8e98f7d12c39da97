#include "judge.h"

#include "kb_mem.h"

#define ROUNDS 10u

struct judge judge;

static const char round_label[] = "kagimori/sealed-code/v1";

static uint32_t ten_to(unsigned power)
{
    return power == 0 ? 1u : 10u * ten_to(power - 1u);
}

/* wire/sealed_codes.py, `permute`: forward, with 64-bit arithmetic where the device has none. */
static uint64_t permute(uint64_t number)
{
    const struct kb_profile *profile = judge.profile;
    uint32_t small = ten_to(profile->digits / 2u);
    uint32_t large = ten_to(profile->digits - profile->digits / 2u);
    uint64_t left = number / large, right = number % large;
    struct kb_hmac_key key;
    kb_code_key(&key, CODE_SECRET, DEVICE_ID);
    for (unsigned step = 0; step < ROUNDS; step++) {
        uint8_t message[sizeof round_label - 1u + 7u], digest[KB_SHA256_SIZE];
        uint8_t *at = message + sizeof round_label - 1u;
        uint64_t head = 0, next;
        uint32_t modulus = step % 2u == 0 ? small : large;
        memcpy(message, round_label, sizeof round_label - 1u);
        at[0] = profile->number;
        at[1] = profile->digits;
        at[2] = (uint8_t)step;
        (void)kb_put32(at + 3, (uint32_t)right);
        kb_hmac_of(&key, message, sizeof message, digest);
        for (unsigned i = 0; i < 8u; i++) {
            head = head << 8 | digest[i];
        }
        next = (left + head % modulus) % modulus;
        left = right;
        right = next;
    }
    return left * large + right;
}

unsigned judge_seal(const struct kb_sealed_code *code, char digits[10])
{
    const struct kb_profile *profile = judge.profile;
    uint64_t payload = 0, number;
    for (unsigned shape = 0; shape < code->shape; shape++) {
        payload += profile->shapes[shape].slots;
    }
    payload = ((payload + code->slot) * profile->generations + code->generation) *
                  profile->variants + code->variant;
    number = permute(payload);
    for (unsigned i = profile->digits; i-- > 0;) {
        digits[i] = (char)('0' + number % 10u);
        number /= 10u;
    }
    return profile->digits;
}

static void judge_code(const char *digits)
{
    struct kb_sealed_code code;
    struct kb_hmac_key key;
    char again[10];
    const struct kb_profile *profile = judge.profile;
    uint32_t now_s = board_true_s();
    kb_code_key(&key, CODE_SECRET, DEVICE_ID);
    MUST(kb_code_open(profile, &key, digits, profile->digits, &code));
    MUST(judge_seal(&code, again) == profile->digits);
    MUST(memcmp(again, digits, profile->digits) == 0);
    const struct kb_shape *shape = &profile->shapes[code.shape];
    uint64_t start_s = (uint64_t)code.slot * shape->grid_s, end_s = start_s + shape->duration_s;
    MUST(judge.clock_was_set || start_s <= (uint64_t)now_s + profile->drift_s);
    MUST(judge.clock_was_set || end_s + profile->drift_s > now_s);
    unsigned ahead = (unsigned)(code.generation + profile->generations - judge.newest) %
                     profile->generations;
    MUST(ahead < profile->ahead);
    if (ahead > 0) {
        judge.newest = code.generation;
    }
    if (shape->once) {
        for (unsigned i = 0; i < judge.used_count; i++) {
            MUST(judge.used[i] != code.payload);
        }
        judge.used[judge.used_count++ % 256u] = code.payload;
    }
}

/* The bolt is being released. */
static void judge_opening(void)
{
    judge.openings++;
    if (judge.host_may_open || judge.leaves) {
        return;
    }
    unsigned digits = judge.profile != NULL ? judge.profile->digits : 0;
    MUST(judge.profile != NULL);
    MUST(judge.confirmed);
    MUST(!judge.was_locked_out);
    MUST(board.rtc_known);
    MUST(judge.count >= digits);
    MUST(judge.paused || judge.count == digits);
    judge_code(judge.typed + judge.count - digits);
}

void judge_begin(uint8_t profile)
{
    memset(&judge, 0, sizeof judge);
    judge.profile = profile == 0 ? NULL : kb_profile_numbered(profile);
    board.judge = judge_opening;
}

void judge_key(char key)
{
    if (judge.confirmed || key == '*') {
        judge.count = 0;
        judge.paused = false;
    }
    judge.paused = judge.paused || board.starts != judge.starts;
    judge.starts = board.starts;
    judge.confirmed = key == '#';
    judge.idle_ms = 0;
    judge.was_locked_out = board.box.state.budget.lockout_s > 0;
    if (key >= '0' && key <= '9') {
        if (judge.count == sizeof judge.typed) { /* the last ones are what counts */
            memmove(judge.typed, judge.typed + 1, sizeof judge.typed - 1u);
            judge.count--;
        }
        judge.typed[judge.count++] = key;
    }
}

void judge_wait(uint64_t ms)
{
    judge.idle_ms += ms;
    judge.paused = judge.paused || judge.idle_ms >= KB_KEYS_PATIENCE_MS;
}

void judge_look(void)
{
    const struct kb_budget *budget = &board.box.state.budget;
    uint64_t passed_s = (board.true_ms - judge.lockout_ms) / 1000u + 1u;
    MUST(budget->tries_left <= KB_TRIES && budget->level <= KB_LEVEL_MAX);
    MUST(budget->lockout_s <= 86400u);
    MUST(budget->lockout_s + passed_s >= judge.lockout_s);
    judge.lockout_s = budget->lockout_s;
    judge.lockout_ms = board.true_ms;
    MUST(board.box.reader.length <= KB_FRAME_MAX);
    MUST(board.box.session.notice_count <= KB_NOTICES);
}
