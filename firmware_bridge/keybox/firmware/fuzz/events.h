/* Runs written in bytes: what reaches a device through its link, its keys, its switches, its flash. */
#ifndef FUZZ_EVENTS_H
#define FUZZ_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Carries out the events in `data`. Without `link` nothing comes over the link. */
void events_run(const uint8_t *data, size_t size, bool link);

/* Starts a device from storage that holds what `data` says. */
void storage_run(const uint8_t *data, size_t size);

#endif
