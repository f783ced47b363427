#ifndef LIKENESS_CKERNELS_LISTS_H
#define LIKENESS_CKERNELS_LISTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * NAME
 *   ckernels_lists - the nearest of many centroids for many vectors, and distances estimated from codes
 *
 * SYNOPSIS
 *   lk_pack_panels(centroids, k, d, panels, norms);
 *   lk_list_kernels_of_this_cpu()->nearest(panels, norms, k, d, rows, n, labels, scores);
 *
 * CONVENTIONS
 *   Shapes, alignment, ownership, threads and NaN as in ckernels.h.
 *
 *   Order: the score of a vector and a centroid is summed in the order of their components, whatever the other vectors
 *   and centroids of the call. So a vector's label depends, within one table, on nothing but it and the centroids.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define LK_LISTS_NONNULL _Nonnull
#define LK_LISTS_NULLABLE _Nullable
#else
#define LK_LISTS_NONNULL
#define LK_LISTS_NULLABLE
#endif

enum {
    /* Centroids that lie side by side in a panel. */
    LK_PANEL = 64
};

/* Centroids rounded up to whole panels: panels have lk_panel_rows(k) * d floats, norms lk_panel_rows(k). */
size_t lk_panel_rows(size_t k);

/*
 * Puts centroids (k * d) in the order in which `nearest` reads them: component by component for each LK_PANEL of them.
 * norms: their squared norms, summed in double precision; +infinity for what fills the last panel.
 */
void lk_pack_panels(const float *centroids, size_t k, size_t d, float *panels, float *norms);

/* The functions of one instruction set. Tables are constants that live as long as the process. */
struct lk_list_kernels {
    /* "portable", "avx2" or "avx512". */
    const char *name;

    /*
     * labels[i] = the centroid of the k nearest to the d numbers at rows[i], scores[i] = its squared distance less the
     * vector's own squared norm; among equal scores the first one. A vector with a NaN gets label 0, and a centroid with
     * one is never nearest.
     * panels, norms: from lk_pack_panels; k >= 1.
     * Rounding: scores are off by at most gamma(d + 2) (2 sum |x_j c_j| + |c|^2), see ROUNDING in ckernels.h.
     * Cost: 2 n k d operations at nearly the processor's full rate; best with 60 rows or more.
     */
    void (*nearest)(
        const float *panels, const float *norms, size_t k, size_t d,
        const float *LK_LISTS_NONNULL const *LK_LISTS_NONNULL rows, size_t n, uint32_t *labels, float *scores);

    /*
     * out[i] = base + term_i - 2 sum over j < m of table[j * entries + code_ij]: squared distances estimated from codes.
     * What belongs to row i begins at records + numbers[i] * stride: term_i, a float at any address, and behind it m
     * bytes, its codes, each below `entries`, which is the caller's to check. table (m * entries).
     * Rounding: |out[i] - exact| <= gamma(m + 4) (|base| + |term_i| + 2 sum |table|).
     */
    void (*estimate)(
        const float *table, size_t entries, const uint8_t *records, size_t stride, const uint32_t *numbers, size_t n,
        size_t m, float base, float *out);
};

/* The fastest table that this CPU and its operating system run. */
const struct lk_list_kernels *lk_list_kernels_of_this_cpu(void);

/* The table of that name; null when there is none or this machine cannot run it. */
const struct lk_list_kernels *LK_LISTS_NULLABLE lk_list_kernels_named(const char *name);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#endif
