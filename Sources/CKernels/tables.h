#ifndef LIKENESS_CKERNELS_TABLES_H
#define LIKENESS_CKERNELS_TABLES_H

#include "ckernels.h"

/* The tables, one a file; choose.c alone knows which of them this machine runs. */
extern const struct lk_kernels lk_portable_kernels;
#if defined(__x86_64__)
extern const struct lk_kernels lk_avx2_kernels;
extern const struct lk_kernels lk_avx512_kernels;
#endif

/*
 * What code_bounds takes off the squared distance of two quantized heads, relative to the sum of their norms: 2^-19 is
 * 32u. The three terms' roundings are at most 8u of that sum, for |2 a b| <= a^2 + b^2. The rest covers the rounding of
 * the square root and of the two subtractions after it, 2u sqrt(2 sum) at most, since
 * sqrt(e - s) <= sqrt(e) - s / (2 sqrt(e)).
 */
#define LK_CODE_ROUNDING 0x1p-19f

#endif
