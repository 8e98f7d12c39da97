/* Feeds stdin to the frame reader; prints each frame it finds (hexadecimal, without its CRC), and at
 * the end `lost N`. With an argument `encode`, reads frames as hexadecimal lines and prints them as
 * they go on the wire. */
#include <stdio.h>
#include <string.h>

#include "kb_frame.h"

static void print_hex(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        (void)printf("%02x", bytes[i]);
    }
    (void)putchar('\n');
}

static void encode(void)
{
    static char line[2 * KB_FRAME_MAX + 2];
    uint8_t frame[KB_FRAME_MAX];
    uint8_t wire[KB_FRAME_ENCODED_MAX];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strcspn(line, "\n") / 2;
        for (size_t i = 0; i < length && i < KB_FRAME_MAX - 2; i++) {
            unsigned value = 0;
            (void)sscanf(line + 2 * i, "%2x", &value);
            frame[i] = (uint8_t)value;
        }
        print_hex(wire, kb_frame_encode(frame, length, wire));
    }
}

int main(int count, char **arguments)
{
    static struct kb_frame_reader reader;
    int byte;
    if (count == 2 && strcmp(arguments[1], "encode") == 0) {
        encode();
        return 0;
    }
    kb_frame_reader_init(&reader);
    while ((byte = getchar()) != EOF) {
        if (kb_frame_take(&reader, (uint8_t)byte)) {
            print_hex(reader.data, reader.length);
        }
    }
    (void)printf("lost %lu\n", (unsigned long)reader.lost);
    return 0;
}
