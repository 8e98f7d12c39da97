/*   first byte: kind and profile; then events, each a code and what it needs (as far as there is):
 *     0 bytes: length 1 | data           1 clear: type 1 | length 2 | body
 *     2 request: type 1 | length 2 | body        3 open: ticket 1 | day 1 | rights 2
 *     4 wait: 1/8 s, 2                   5 switches: 2          6 key: 1
 *     7 code: shape 1 | slots from now 1 (signed) | generation and variant 1, and `#`
 *     8 clock chip: stops, or goes on    9 power goes at a write: 1
 *     10 repeat the last frame           11 answer the notice   12 restart
 */
#include "events.h"

#include "host.h"
#include "judge.h"
#include "kb_mem.h"

#define EVENTS_MOST 200u
#define SET_CLOCK 0x12u
#define RELEASE 0x20u
#define HOLD 0x21u

struct input {
    const uint8_t *at;
    size_t left;
};

static uint32_t number(struct input *input, unsigned bytes)
{
    uint32_t value = 0;
    for (; bytes > 0 && input->left > 0; bytes--) {
        value = value << 8 | *input->at++;
        input->left--;
    }
    return value;
}

static const uint8_t *piece(struct input *input, size_t *length)
{
    const uint8_t *at = input->at;
    *length = *length < input->left ? *length : input->left;
    input->at += *length;
    input->left -= *length;
    return at;
}

static void press(char key)
{
    judge_key(key);
    board_press(key);
}

static void type_code(struct input *input)
{
    const struct kb_profile *profile = judge.profile;
    struct kb_sealed_code code = {0};
    char digits[10];
    code.shape = (uint8_t)(number(input, 1) % profile->shape_count);
    const struct kb_shape *shape = &profile->shapes[code.shape];
    int64_t slot = (int64_t)(board_true_s() / shape->grid_s) + (int8_t)number(input, 1);
    uint8_t both = (uint8_t)number(input, 1);
    code.slot = slot < 0 ? 0 : slot >= shape->slots ? shape->slots - 1u : (uint32_t)slot;
    code.generation = (uint8_t)((both >> 4) % profile->generations);
    code.variant = (uint8_t)((both & 15u) % profile->variants);
    unsigned count = judge_seal(&code, digits);
    for (unsigned i = 0; i < count; i++) {
        press(digits[i]);
    }
    press('#');
}

static void request(struct input *input)
{
    uint8_t type = (uint8_t)number(input, 1);
    size_t length = number(input, 2);
    const uint8_t *body = piece(input, &length);
    if (!host.is_open) {
        return;
    }
    if ((type == RELEASE || type == HOLD) && (host.rights & KB_RIGHT_OPERATE) != 0) {
        judge.host_may_open = true;
    }
    if (type == SET_CLOCK && (host.rights & KB_RIGHT_CLOCK) != 0) {
        judge.clock_was_set = true;
    }
    host_request(type, body, length);
}

static void link_event(unsigned code, struct input *input)
{
    uint8_t frame[KB_FRAME_MAX];
    size_t length;
    const uint8_t *body;
    uint8_t type;
    bool is_link;
    switch (code) {
    case 0:
        length = number(input, 1);
        body = piece(input, &length);
        board_receive(body, length);
        break;
    case 1:
        type = (uint8_t)number(input, 1);
        length = number(input, 2);
        body = piece(input, &length);
        host_send_clear(type, body, length);
        break;
    case 2:
        request(input);
        break;
    case 3:
        is_link = (number(input, 1) & 1u) != 0;
        uint32_t day = BASE_S / 86400u - 2u + number(input, 1) % 8u;
        host_open(is_link, day, (uint16_t)(number(input, 2) & KB_RIGHTS_ALL));
        break;
    case 10:
        host_repeat();
        break;
    default:
        if (host.is_open) {
            host_noticed();
        }
    }
    (void)host_listen(frame);
}

static void board_event(unsigned code, struct input *input)
{
    static const char keys[] = "0123456789*#";
    uint64_t ms;
    switch (code) {
    case 4:
        ms = 125u * (uint64_t)number(input, 2);
        judge_wait(ms);
        board_wait(ms);
        break;
    case 5:
        ms = board.inputs;
        board.inputs = (uint16_t)(number(input, 2) & 0xDFu); /* `jammed` is none of a board's */
        judge.leaves = (board.inputs & ~ms & KB_IN_REX) != 0;
        board_poll();
        judge.leaves = false;
        break;
    case 6:
        press(keys[number(input, 1) % (sizeof keys - 1u)]);
        break;
    case 7:
        type_code(input);
        break;
    case 8:
        board.rtc_known = !board.rtc_known;
        board_poll();
        break;
    case 9:
        board.writes_left = (long)number(input, 1);
        break;
    default:
        board_start(KB_RESET_WATCHDOG);
    }
}

void events_run(const uint8_t *data, size_t size, bool link)
{
    struct input input = {data, size};
    uint8_t how = (uint8_t)number(&input, 1);
    enum kb_kind kind = (how & 1u) != 0 ? KB_KIND_LOCK : KB_KIND_KEY_BOX;
    uint8_t profile = (uint8_t)(1u + (how >> 1) % KB_PROFILE_COUNT);
    judge_begin(profile);
    host_begin();
    board_begin(kind, profile, link && (how & 0x80u) != 0);
    for (unsigned events = 0; events < EVENTS_MOST && input.left > 0; events++) {
        unsigned code = number(&input, 1) % 13u;
        bool of_link = code <= 3u || code == 10u || code == 11u;
        if (of_link && link) {
            link_event(code, &input);
        } else if (!of_link) {
            board_event(code, &input);
        }
        /* A power cut within an opening may have left a newer generation than was seen to open. */
        judge.newest = board.box.state.generation;
        judge_look();
    }
}
