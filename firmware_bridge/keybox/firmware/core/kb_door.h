/* The bolt and the switches: releases, jams, doors forced or held open, keys taken.
 *
 * Knows nothing of codes or sessions: it is told to release, hold or secure, is shown the switches,
 * and says what has happened as bits, one for each sort of record in the log.
 */
#ifndef KB_DOOR_H
#define KB_DOOR_H

#include "kb_hal.h"

#define KB_UNLOCK_MS 5000u
#define KB_JAM_MS 1500u
#define KB_HELD_MS 300000u

enum kb_output { KB_OUT_RELEASED = 1, KB_OUT_HELD = 2 };

enum kb_door_outcome { KB_DOOR_NONE = 0, KB_DOOR_DONE = 1, KB_DOOR_JAMMED = 2 };

struct kb_door {
    const struct kb_hal *hal;
    uint16_t inputs; /* as last seen, with KB_IN_JAMMED */
    bool has_inputs;
    bool is_released;
    bool is_held;
    bool is_watching; /* for the bolt to retract after it was driven */
    bool has_forgiven; /* the next opening follows a release, a key or a request to exit */
    bool told_held;
    uint64_t driven_ms;  /* when the bolt was last driven back */
    uint64_t until_ms;   /* end of the pulse */
    uint64_t forgive_ms; /* an opening until then is no break-in */
    uint64_t opened_ms;
    enum kb_door_outcome outcome; /* of the release under way: NONE until it is known */
};

/* Starts secured: a restart moves no bolt but to its safe place. */
void kb_door_init(struct kb_door *door, const struct kb_hal *hal);
void kb_door_release(struct kb_door *door, uint64_t now_ms, uint32_t pulse_ms);
void kb_door_hold(struct kb_door *door, uint64_t now_ms);
void kb_door_secure(struct kb_door *door, uint64_t now_ms);
uint16_t kb_door_outputs(const struct kb_door *door);
/* Runs the times and takes the switches; gives what has happened as bits 1 << kind of the log. */
uint32_t kb_door_poll(struct kb_door *door, uint64_t now_ms, uint16_t inputs);
/* Milliseconds until something is due, at most `most`. */
uint64_t kb_door_due_ms(const struct kb_door *door, uint64_t now_ms, uint64_t most);

#endif
