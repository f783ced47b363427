#include <string.h>

#include "ckernels.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/*
 * What a byte contributes is the sum (without carries) of what its bits contribute, so eight numbers, those of the bits
 * from the lowest on, stand for a table of 256.
 */
#define BIT(b, i, k) ((uint32_t)((b) >> (i) & 1) * (uint32_t)(k))
#define ENTRY(b, k0, k1, k2, k3, k4, k5, k6, k7) \
    (BIT(b, 0, k0) ^ BIT(b, 1, k1) ^ BIT(b, 2, k2) ^ BIT(b, 3, k3) ^ BIT(b, 4, k4) ^ BIT(b, 5, k5) ^ BIT(b, 6, k6) \
     ^ BIT(b, 7, k7))
#define FOUR(b, ...) \
    ENTRY(b, __VA_ARGS__), ENTRY((b) + 1, __VA_ARGS__), ENTRY((b) + 2, __VA_ARGS__), ENTRY((b) + 3, __VA_ARGS__)
#define SIXTEEN(b, ...) \
    FOUR(b, __VA_ARGS__), FOUR((b) + 4, __VA_ARGS__), FOUR((b) + 8, __VA_ARGS__), FOUR((b) + 12, __VA_ARGS__)
#define SIXTY_FOUR(b, ...) \
    SIXTEEN(b, __VA_ARGS__), SIXTEEN((b) + 16, __VA_ARGS__), SIXTEEN((b) + 32, __VA_ARGS__), \
        SIXTEEN((b) + 48, __VA_ARGS__)
#define TABLE(...) \
    SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__), SIXTY_FOUR(192, __VA_ARGS__)

/* behind[n][b] is what byte b contributes when n more bytes follow it. */
static const uint32_t behind[8][256] = {
    {TABLE(0xF26B8303, 0xE13B70F7, 0xC79A971F, 0x8AD958CF, 0x105EC76F, 0x20BD8EDE, 0x417B1DBC, 0x82F63B78)},
    {TABLE(0x13A29877, 0x274530EE, 0x4E8A61DC, 0x9D14C3B8, 0x3FC5F181, 0x7F8BE302, 0xFF17C604, 0xFBC3FAF9)},
    {TABLE(0xA541927E, 0x4F6F520D, 0x9EDEA41A, 0x38513EC5, 0x70A27D8A, 0xE144FB14, 0xC76580D9, 0x8B277743)},
    {TABLE(0xDD45AAB8, 0xBF672381, 0x7B2231F3, 0xF64463E6, 0xE964B13D, 0xD725148B, 0xABA65FE7, 0x52A0C93F)},
    {TABLE(0x38116FAC, 0x7022DF58, 0xE045BEB0, 0xC5670B91, 0x8F2261D3, 0x1BA8B557, 0x37516AAE, 0x6EA2D55C)},
    {TABLE(0xEF306B19, 0xDB8CA0C3, 0xB2F53777, 0x6006181F, 0xC00C303E, 0x85F4168D, 0x0E045BEB, 0x1C08B7D6)},
    {TABLE(0x68032CC8, 0xD0065990, 0xA5E0C5D1, 0x4E2DFD53, 0x9C5BFAA6, 0x3D5B83BD, 0x7AB7077A, 0xF56E0EF4)},
    {TABLE(0x493C7D27, 0x9278FA4E, 0x211D826D, 0x423B04DA, 0x847609B4, 0x0D006599, 0x1A00CB32, 0x34019664)},
};

static uint32_t sliced(uint32_t crc, const unsigned char *bytes, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const unsigned char *b = bytes + i;
        crc = behind[7][(crc ^ b[0]) & 0xFF] ^ behind[6][(crc >> 8 ^ b[1]) & 0xFF]
            ^ behind[5][(crc >> 16 ^ b[2]) & 0xFF] ^ behind[4][(crc >> 24 ^ b[3]) & 0xFF] ^ behind[3][b[4]]
            ^ behind[2][b[5]] ^ behind[1][b[6]] ^ behind[0][b[7]];
    }
    for (; i < n; i++) crc = crc >> 8 ^ behind[0][(crc ^ bytes[i]) & 0xFF];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t in_hardware(uint32_t crc, const unsigned char *bytes, size_t n) {
    uint64_t wide = crc;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; i < n; i++) crc = _mm_crc32_u8(crc, bytes[i]);
    return crc;
}
#endif

uint32_t lk_crc32c_portable(uint32_t crc, const void *bytes, size_t n) { return ~sliced(~crc, bytes, n); }

uint32_t lk_crc32c(uint32_t crc, const void *bytes, size_t n) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2")) return ~in_hardware(~crc, bytes, n);
#endif
    return lk_crc32c_portable(crc, bytes, n);
}
