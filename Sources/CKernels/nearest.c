#include <math.h>
#include <string.h>

#include "adc.h"
#include "ckernels.h"

/*
 * One source for all instruction sets: vectors of 16 floats, which the compiler makes one, two or four registers of.
 * Only how many sums are kept in registers differs.
 */
typedef float floats __attribute__((vector_size(64)));
typedef float floats_anywhere __attribute__((vector_size(64), aligned(4)));
typedef int32_t integers __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, GROUP = 60 };

size_t lk_panel_rows(size_t k) { return (k + LK_PANEL - 1) / LK_PANEL * LK_PANEL; }

void lk_pack_panels(const float *centroids, size_t k, size_t d, float *panels, float *norms) {
    for (size_t c = 0; c < lk_panel_rows(k); c++) {
        float *column = panels + c / LK_PANEL * LK_PANEL * d + c % LK_PANEL;
        double norm = 0;
        for (size_t j = 0; j < d; j++) {
            const float value = c < k ? centroids[c * d + j] : 0;
            column[j * LK_PANEL] = value;
            norm += (double)value * value;
        }
        norms[c] = c < k ? (float)norm : INFINITY;
    }
}

/* The best score so far in each lane, and whose it is. */
struct best {
    floats scores;
    integers labels;
};

/*
 * Scores of `rows` vectors against `vectors` * 16 columns of a panel, the first of which is centroid `first`. Both
 * counts are known where this is inlined, so that all sums stay in registers.
 */
INLINE void score_tile(
    const float *const *x, size_t rows, const float *panel, const float *norms, size_t first, size_t vectors, size_t d,
    struct best *best) {
    floats sums[6][4];
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++) sums[r][v] = (floats){0};
    for (size_t j = 0; j < d; j++) {
        floats columns[4];
        for (size_t v = 0; v < vectors; v++)
            columns[v] = *(const floats_anywhere *)(panel + j * LK_PANEL + v * LANES);
        for (size_t r = 0; r < rows; r++) {
            const float value = x[r][j];
            for (size_t v = 0; v < vectors; v++) sums[r][v] = sums[r][v] + value * columns[v];
        }
    }
    const integers lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < vectors; v++) {
            const floats norm = *(const floats_anywhere *)(norms + v * LANES);
            const floats scores = norm - 2 * sums[r][v];
            /* Strictly below, so that the first of equal ones stays; a NaN is below nothing. */
            const integers below = scores < best[r].scores;
            const integers labels = lanes + (int32_t)(first + v * LANES);
            best[r].scores = (floats)((below & (integers)scores) | (~below & (integers)best[r].scores));
            best[r].labels = (below & labels) | (~below & best[r].labels);
        }
    }
}

INLINE void settle(const struct best *best, uint32_t *label, float *score) {
    *score = INFINITY;
    *label = 0;
    for (int lane = 0; lane < LANES; lane++) {
        const float value = best->scores[lane];
        const uint32_t candidate = (uint32_t)best->labels[lane];
        if (value < *score || (value == *score && candidate < *label)) {
            *score = value;
            *label = candidate;
        }
    }
}

/* Panel after panel for a group of vectors, so that a panel is read from far away once for all of them. */
INLINE void nearest_in_tiles(
    size_t tile, size_t vectors, const float *panels, const float *norms, size_t k, size_t d, const float *const *rows,
    size_t n, uint32_t *labels, float *scores) {
    struct best best[GROUP];
    for (size_t start = 0; start < n; start += GROUP) {
        const size_t count = n - start < GROUP ? n - start : GROUP;
        for (size_t r = 0; r < count; r++) {
            best[r].scores = (floats){0} + INFINITY;
            best[r].labels = (integers){0};
        }
        for (size_t first = 0; first < k; first += LK_PANEL) {
            const float *panel = panels + first * d;
            for (size_t v = 0; v < LK_PANEL / LANES; v += vectors) {
                const size_t column = v * LANES;
                size_t r = 0;
                for (; r + tile <= count; r += tile)
                    score_tile(
                        rows + start + r, tile, panel + column, norms + first + column, first + column, vectors, d,
                        best + r);
                for (; r < count; r++)
                    score_tile(
                        rows + start + r, 1, panel + column, norms + first + column, first + column, vectors, d,
                        best + r);
            }
        }
        for (size_t r = 0; r < count; r++) settle(best + r, labels + start + r, scores + start + r);
    }
}

static void nearest_portable(
    const float *panels, const float *norms, size_t k, size_t d, const float *const *rows, size_t n, uint32_t *labels,
    float *scores) {
    nearest_in_tiles(2, 1, panels, norms, k, d, rows, n, labels, scores);
}

static const struct lk_list_kernels portable = {"portable", nearest_portable, lk_estimate};

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void nearest_avx2(
    const float *panels, const float *norms, size_t k, size_t d, const float *const *rows, size_t n, uint32_t *labels,
    float *scores) {
    nearest_in_tiles(6, 1, panels, norms, k, d, rows, n, labels, scores);
}

__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))) static void nearest_avx512(
    const float *panels, const float *norms, size_t k, size_t d, const float *const *rows, size_t n, uint32_t *labels,
    float *scores) {
    nearest_in_tiles(6, 4, panels, norms, k, d, rows, n, labels, scores);
}

static const struct lk_list_kernels avx2 = {"avx2", nearest_avx2, lk_estimate};
static const struct lk_list_kernels avx512 = {"avx512", nearest_avx512, lk_estimate};
#endif

const struct lk_list_kernels *lk_list_kernels_named(const char *name) {
    if (!lk_kernels_named(name)) return NULL;
#if defined(__x86_64__)
    if (strcmp(name, "avx512") == 0) return &avx512;
    if (strcmp(name, "avx2") == 0) return &avx2;
#endif
    return &portable;
}

const struct lk_list_kernels *lk_list_kernels_of_this_cpu(void) {
    return lk_list_kernels_named(lk_kernels_of_this_cpu()->name);
}
