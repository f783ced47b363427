#include <string.h>

#include "tables.h"

#if defined(__x86_64__)
/* __builtin_cpu_supports also asks whether the operating system saves the registers (XGETBV). */
static int has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void) {
    __builtin_cpu_init();
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const struct lk_kernels *lk_kernels_of_this_cpu(void) {
#if defined(__x86_64__)
    if (has_avx512()) return &lk_avx512_kernels;
    if (has_avx2()) return &lk_avx2_kernels;
#endif
    return &lk_portable_kernels;
}

const struct lk_kernels *lk_kernels_named(const char *name) {
#if defined(__x86_64__)
    if (strcmp(name, "avx512") == 0) return has_avx512() ? &lk_avx512_kernels : NULL;
    if (strcmp(name, "avx2") == 0) return has_avx2() ? &lk_avx2_kernels : NULL;
#endif
    return strcmp(name, "portable") == 0 ? &lk_portable_kernels : NULL;
}
