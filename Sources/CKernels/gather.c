#include <string.h>

#include "ckernels.h"

enum {
    /* Rows that code_bounds takes on together. */
    GROUP = 8,
    CACHE_LINE = 64
};

size_t lk_code_bounds_scratch(size_t m) { return GROUP * m; }

void lk_code_bounds_of(
    const struct lk_kernels *kernels, const int16_t *query_codes, const struct lk_code_terms *query_terms,
    const struct lk_code_row *rows, const int32_t *numbers, size_t n, size_t m, float *out, int8_t *scratch) {
    for (size_t i = 0; i < n; i++) {
        const struct lk_code_row row = rows[numbers[i]];
        __builtin_prefetch(row.terms);
        for (size_t offset = 0; offset < m; offset += CACHE_LINE) __builtin_prefetch(row.codes + offset);
    }
    for (size_t first = 0; first < n; first += GROUP) {
        const size_t count = n - first < GROUP ? n - first : GROUP;
        /* Copying what lies in the nearest cache is little beside the products. */
        struct lk_code_terms terms[GROUP];
        for (size_t i = 0; i < count; i++) {
            const struct lk_code_row row = rows[numbers[first + i]];
            memcpy(scratch + i * m, row.codes, m);
            terms[i] = *row.terms;
        }
        kernels->code_bounds(query_codes, query_terms, scratch, m, terms, count, m, out + first);
    }
}
