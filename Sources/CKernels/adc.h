#ifndef LIKENESS_CKERNELS_ADC_H
#define LIKENESS_CKERNELS_ADC_H

#include "ckernels_lists.h"

/* lk_list_kernels.estimate for every instruction set: what it does is look up, and gathers look up no faster. */
void lk_estimate(
    const float *table, size_t entries, const uint8_t *records, size_t stride, const uint32_t *numbers, size_t n,
    size_t m, float base, float *out);

#endif
