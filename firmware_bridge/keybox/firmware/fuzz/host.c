#include "host.h"

#include "kb_mem.h"

#define HELLO 0x01u
#define OPEN 0x02u
#define OPEN_ANSWER 0x82u
#define HELLO_ANSWER 0x81u
#define SECURED_HEAD (KB_FRAME_HEAD + 4u)

struct host host;

static const uint8_t host_nonce[KB_NONCE] = {7, 7, 7};

void host_begin(void)
{
    memset(&host, 0, sizeof host);
}

static void send(uint8_t *frame, size_t length)
{
    uint8_t wire[KB_FRAME_ENCODED_MAX];
    size_t encoded = kb_frame_encode(frame, length, wire);
    MUST(encoded <= sizeof wire);
    memcpy(host.last, wire, encoded);
    host.last_length = encoded;
    board_receive(wire, encoded);
}

void host_send_clear(uint8_t type, const uint8_t *body, size_t length)
{
    uint8_t frame[KB_FRAME_MAX];
    size_t room = KB_FRAME_BODY_MAX;
    length = length < room ? length : room;
    frame[0] = KB_FRAME_VERSION;
    frame[1] = type;
    frame[2] = host.seq++;
    memcpy(frame + KB_FRAME_HEAD, body, length);
    send(frame, KB_FRAME_HEAD + length);
}

size_t host_listen(uint8_t frame[KB_FRAME_MAX])
{
    struct kb_frame_reader reader;
    size_t length = 0;
    kb_frame_reader_init(&reader);
    for (size_t i = 0; i < board.answers_length; i++) {
        if (kb_frame_take(&reader, board.answers[i])) {
            length = reader.length;
            memcpy(frame, reader.data, length);
            MUST(length >= KB_FRAME_HEAD && frame[0] == KB_FRAME_VERSION);
        }
    }
    MUST(reader.lost == 0);
    board.answers_length = 0;
    return length;
}

/* HMAC(key, text | part | part) as a key. */
static void derive(struct kb_hmac_key *out, const struct kb_hmac_key *key, const char *text,
                   const uint8_t *one, size_t one_length, const uint8_t *two, size_t two_length,
                   uint8_t digest[KB_SHA256_SIZE])
{
    struct kb_hmac hmac;
    size_t length = 0;
    while (text[length] != 0) {
        length++;
    }
    kb_hmac_init(&hmac, key);
    kb_hmac_update(&hmac, text, length);
    kb_hmac_update(&hmac, one, one_length);
    kb_hmac_update(&hmac, two, two_length);
    kb_hmac_final(&hmac, digest);
    kb_hmac_prepare(out, digest, KB_SHA256_SIZE);
}

void host_open(bool link, uint32_t day, uint16_t rights)
{
    uint8_t frame[KB_FRAME_MAX], body[39], nonce[KB_NONCE], digest[KB_SHA256_SIZE], rest[6];
    struct kb_hmac_key maintenance, ticket, unused;
    host.is_open = false;
    (void)host_listen(frame);
    host_send_clear(HELLO, body, 0);
    if (host_listen(frame) != KB_FRAME_HEAD + 42u || frame[1] != HELLO_ANSWER) {
        return;
    }
    memcpy(nonce, frame + KB_FRAME_HEAD + 25, sizeof nonce);
    day = link ? 0 : day;
    kb_hmac_prepare(&maintenance, MAINTENANCE, sizeof MAINTENANCE);
    (void)kb_put16(kb_put32(rest, day), rights);
    derive(&ticket, &maintenance, link ? "kagimori/keybox/link/v1" : "kagimori/keybox/ticket/v1",
           DEVICE_ID, sizeof DEVICE_ID, link ? rest + 4 : rest, link ? 2u : 6u, digest);
    derive(&unused, &ticket, "open", nonce, KB_NONCE, host_nonce, KB_NONCE, digest);
    body[0] = link ? 2 : 1;
    (void)kb_put16(kb_put32(body + 1, day), rights);
    memcpy(body + 7, host_nonce, KB_NONCE);
    memcpy(body + 23, digest, KB_TAG_SIZE);
    host_send_clear(OPEN, body, sizeof body);
    /* A link session begins with notices, so the answer may not be the last frame. */
    if (board.box.session.phase != KB_PHASE_OPEN) {
        return;
    }
    derive(&host.mac, &ticket, "host/mac", nonce, KB_NONCE, host_nonce, KB_NONCE, digest);
    derive(&host.enc, &ticket, "host/enc", nonce, KB_NONCE, host_nonce, KB_NONCE, digest);
    derive(&host.device_mac, &ticket, "device/mac", nonce, KB_NONCE, host_nonce, KB_NONCE, digest);
    host.is_open = true;
    host.rights = rights;
    host.counter = 0;
}

static void cipher(uint8_t type, uint32_t counter, uint8_t *data, size_t length)
{
    uint8_t message[7], block[KB_SHA256_SIZE];
    for (size_t i = 0; i < length; i++) {
        if (i % sizeof block == 0) {
            message[0] = type;
            (void)kb_put16(kb_put32(message + 1, counter), (uint16_t)(i / sizeof block));
            kb_hmac_of(&host.enc, message, sizeof message, block);
        }
        data[i] ^= block[i % sizeof block];
    }
}

static void send_secured(uint8_t type, uint8_t seq, uint32_t counter, const uint8_t *body,
                         size_t length)
{
    uint8_t frame[KB_FRAME_MAX], digest[KB_SHA256_SIZE];
    size_t room = KB_FRAME_BODY_MAX - 4u - KB_TAG_SIZE;
    length = length < room ? length : room;
    frame[0] = KB_FRAME_VERSION;
    frame[1] = type;
    frame[2] = seq;
    (void)kb_put32(frame + KB_FRAME_HEAD, counter);
    memcpy(frame + SECURED_HEAD, body, length);
    cipher(type, counter, frame + SECURED_HEAD, length);
    kb_hmac_of(&host.mac, frame, SECURED_HEAD + length, digest);
    memcpy(frame + SECURED_HEAD + length, digest, KB_TAG_SIZE);
    send(frame, SECURED_HEAD + length + KB_TAG_SIZE);
}

/* An answer must be authentic, and to this very request. */
static void check_answer(uint8_t type, uint8_t seq)
{
    struct kb_frame_reader reader;
    uint8_t digest[KB_SHA256_SIZE];
    kb_frame_reader_init(&reader);
    for (size_t i = 0; i < board.answers_length; i++) {
        if (!kb_frame_take(&reader, board.answers[i]) || reader.data[1] < 0x90) {
            continue;
        }
        MUST(reader.length >= SECURED_HEAD + KB_TAG_SIZE || reader.data[1] == 0xFE);
        if (reader.data[1] == 0xFE) {
            continue;
        }
        size_t signed_length = reader.length - KB_TAG_SIZE;
        kb_hmac_of(&host.device_mac, reader.data, signed_length, digest);
        MUST(memcmp(digest, reader.data + signed_length, KB_TAG_SIZE) == 0);
        MUST(reader.data[1] == (type | 0x80u) || reader.data[1] == 0xFF);
        MUST(reader.data[2] == seq && kb_get32(reader.data + KB_FRAME_HEAD) == host.counter);
    }
}

void host_request(uint8_t type, const uint8_t *body, size_t length)
{
    uint8_t frame[KB_FRAME_MAX], seq = host.seq++;
    (void)host_listen(frame);
    host.counter++;
    send_secured(type, seq, host.counter, body, length);
    if (type < 0x80 && board.box.session.phase == KB_PHASE_OPEN &&
        board.box.session.counter == host.counter) {
        check_answer(type, seq);
    }
}

void host_repeat(void)
{
    board_receive(host.last, host.last_length);
}

void host_noticed(void)
{
    const struct kb_session *session = &board.box.session;
    send_secured(0x61, 0, session->notice_counter, host_nonce, 0);
}
