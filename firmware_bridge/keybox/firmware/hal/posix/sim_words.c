/* The words on stdin; README.md lists them. Each line is answered by `ok ...` or `error ...`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static bool number(const char *text, long long *value)
{
    char *end;
    if (text == NULL) {
        return false;
    }
    *value = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

static bool keys(struct sim *sim, char *word, char *rest)
{
    (void)rest;
    size_t length = word != NULL ? strlen(word) : 0;
    if (length == 0 || length > sizeof sim->keys || strspn(word, "0123456789*#") != length) {
        return false;
    }
    memcpy(sim->keys, word, length);
    sim->keys_length = length;
    sim->keys_taken = 0;
    return true;
}

static bool rtc(struct sim *sim, char *word, char *rest)
{
    long long seconds;
    if (word != NULL && strcmp(word, "lost") == 0) {
        sim->kept->rtc_known = 0;
        return true;
    }
    if (word != NULL && strcmp(word, "ppm") == 0 && rest != NULL) {
        uint32_t shown;
        bool is_known = sim->hal.rtc_read(sim, &shown);
        sim_set_rtc(sim, shown);
        sim->kept->rtc_known = is_known ? 1 : 0;
        sim->rtc_ppm = strtod(rest, NULL);
        return true;
    }
    if (!number(word, &seconds) || seconds < 0 || seconds > 0xFFFFFFFFll) {
        return false;
    }
    sim_set_rtc(sim, (uint32_t)seconds);
    return true;
}

static bool advance(struct sim *sim, char *word, char *rest)
{
    long long ms;
    (void)rest;
    if (!sim->is_manual || !number(word, &ms) || ms < 0) {
        return false;
    }
    sim_advance(sim, (uint64_t)ms);
    return true;
}

static bool input(struct sim *sim, char *word, char *rest)
{
    static const struct {
        const char *name;
        uint16_t bit;
    } INPUTS[] = {{"leaf", KB_IN_LEAF_OPEN},          {"bolt", KB_IN_BOLT_RETRACTED},
                  {"rex", KB_IN_REX},                 {"key", KB_IN_MECHANICAL_KEY},
                  {"tamper", KB_IN_TAMPER},           {"absent", KB_IN_KEY_ABSENT}};
    if (word == NULL || rest == NULL || (strcmp(rest, "0") != 0 && strcmp(rest, "1") != 0)) {
        return false;
    }
    for (size_t i = 0; i < sizeof INPUTS / sizeof INPUTS[0]; i++) {
        if (strcmp(word, INPUTS[i].name) == 0) {
            sim->is_bolt_manual = sim->is_bolt_manual || INPUTS[i].bit == KB_IN_BOLT_RETRACTED;
            sim->inputs = (uint16_t)((sim->inputs & ~(unsigned)INPUTS[i].bit) |
                                     (rest[0] == '1' ? INPUTS[i].bit : 0));
            return true;
        }
    }
    return false;
}

static bool bolt(struct sim *sim, char *word, char *rest)
{
    (void)rest;
    if (word == NULL || (strcmp(word, "free") != 0 && strcmp(word, "stuck") != 0)) {
        return false;
    }
    sim->is_stuck = word[0] == 's';
    sim->is_bolt_manual = false;
    return true;
}

static bool battery(struct sim *sim, char *word, char *rest)
{
    long long mv;
    long long tenths;
    if (!number(word, &mv) || !number(rest, &tenths) || mv < 0 || mv > 0xFFFF ||
        tenths < -1000 || tenths > 0x7FFF) {
        return false;
    }
    sim->battery_mv = (uint16_t)mv;
    sim->temperature = (int16_t)tenths;
    return true;
}

static bool power_cut(struct sim *sim, char *word, char *rest)
{
    long long ms = 0;
    (void)rest;
    if (word != NULL && (!sim->is_manual || !number(word, &ms) || ms < 0)) {
        return false;
    }
    if (sim->is_manual) {
        sim->kept->true_ms += (uint64_t)ms;
    }
    if (sim->is_released) {
        sim_say("event secured"); /* the bolt falls */
    }
    sim_start(sim, KB_RESET_POWER);
    return true;
}

static bool watchdog(struct sim *sim, char *word, char *rest)
{
    (void)word, (void)rest;
    sim_start(sim, KB_RESET_WATCHDOG);
    return true;
}

static bool fault(struct sim *sim, char *word, char *rest)
{
    if (word == NULL || rest == NULL || (strcmp(rest, "0") != 0 && strcmp(rest, "1") != 0)) {
        return false;
    }
    if (strcmp(word, "storage") == 0) {
        sim->is_storage_broken = rest[0] == '1';
    } else if (strcmp(word, "log") == 0) {
        sim->is_log_broken = rest[0] == '1';
    } else if (strcmp(word, "random") == 0) {
        sim->is_random_broken = rest[0] == '1';
    } else {
        return false;
    }
    return true;
}

static int nibble(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

static bool link_bytes(struct sim *sim, char *word, char *rest)
{
    (void)rest;
    size_t length = word != NULL ? strlen(word) / 2 : 0;
    if (sim->link_fd >= 0 || length == 0 || length > SIM_LINK_ROOM) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        int high = nibble(word[2 * i]);
        int low = nibble(word[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        sim->link[i] = (uint8_t)(high << 4 | low);
    }
    sim->link_length = length;
    sim->link_taken = 0;
    return true;
}

/* What the box knows, without its secrets. */
static void show(const struct sim *sim)
{
    const struct kb_box *box = &sim->box;
    const struct kb_state *state = &box->state;
    uint32_t rtc_s;
    bool is_rtc_known = sim->hal.rtc_read(sim->hal.self, &rtc_s);
    sim_say("ok {\"true_ms\": %llu, \"rtc_s\": %lu, \"rtc_known\": %s, \"fit\": %s, "
            "\"time_known\": %s, \"earliest_s\": %lu, \"latest_s\": %lu, \"set_s\": %lu, "
            "\"tries_left\": %u, \"level\": %u, \"lockout_s\": %lu, \"uses\": %lu, "
            "\"generation\": %u, \"used\": %u, \"boots\": %lu, \"secret_version\": %lu, "
            "\"ticket_day\": %lu, \"log_epoch\": %lu, \"log_next\": %lu, \"log_cleared\": %lu, "
            "\"list_count\": %u, \"released\": %s, \"writes\": %llu}",
            (unsigned long long)sim_true_ms(sim), (unsigned long)rtc_s,
            is_rtc_known ? "true" : "false", box->is_fit ? "true" : "false",
            box->is_time_known ? "true" : "false", (unsigned long)box->time.earliest_s,
            (unsigned long)box->time.latest_s, (unsigned long)state->clock.set_s,
            state->budget.tries_left, state->budget.level, (unsigned long)state->budget.lockout_s,
            (unsigned long)state->uses, state->generation, state->used.count,
            (unsigned long)state->boots, (unsigned long)state->secret_version,
            (unsigned long)state->ticket_day, (unsigned long)state->log_epoch,
            (unsigned long)box->log.next, (unsigned long)state->log_cleared, state->list_count,
            sim->is_released ? "true" : "false", (unsigned long long)sim->writes);
}

bool sim_word(struct sim *sim, char *line)
{
    static const struct {
        const char *name;
        bool (*act)(struct sim *sim, char *word, char *rest);
    } WORDS[] = {{"keys", keys},       {"rtc", rtc},
                 {"advance", advance}, {"input", input},
                 {"bolt", bolt},       {"battery", battery},
                 {"link", link_bytes}, {"power-cut", power_cut},
                 {"watchdog", watchdog}, {"fault", fault}};
    char *name = strtok(line, " \t\r\n");
    char *word = strtok(NULL, " \t\r\n");
    char *rest = strtok(NULL, " \t\r\n");
    if (name == NULL) {
        return true;
    }
    if (strcmp(name, "quit") == 0) {
        sim_say("ok");
        return false;
    }
    if (strcmp(name, "show") == 0) {
        (void)sim_settle(sim);
        show(sim);
        return true;
    }
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strcmp(name, WORDS[i].name) == 0) {
            bool is_done = WORDS[i].act(sim, word, rest);
            (void)sim_settle(sim);
            sim_say(is_done ? "ok" : "error bad arguments");
            return true;
        }
    }
    sim_say("error unknown word");
    return true;
}
