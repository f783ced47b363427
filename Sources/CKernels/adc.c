#include "adc.h"

#include <string.h>

/* Records of a list lie scattered in the order in which rows came; this many ahead are fetched. */
enum { AHEAD = 8 };

void lk_estimate(
    const float *table, size_t entries, const uint8_t *records, size_t stride, const uint32_t *numbers, size_t n,
    size_t m, float base, float *out) {
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            const uint8_t *ahead = records + numbers[i + AHEAD] * stride;
            for (size_t byte = 0; byte < m + sizeof(float); byte += 64) __builtin_prefetch(ahead + byte);
        }
        const uint8_t *record = records + numbers[i] * stride;
        const uint8_t *codes = record + sizeof(float);
        float term;
        memcpy(&term, record, sizeof term);
        /* Four sums, so that an addition need not wait for the one before. */
        float sums[4] = {0, 0, 0, 0};
        const float *row = table;
        size_t j = 0;
        for (; j + 4 <= m; j += 4, row += 4 * entries) {
            sums[0] += row[codes[j]];
            sums[1] += row[entries + codes[j + 1]];
            sums[2] += row[2 * entries + codes[j + 2]];
            sums[3] += row[3 * entries + codes[j + 3]];
        }
        for (; j < m; j++, row += entries) sums[0] += row[codes[j]];
        out[i] = base + term - 2 * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}
