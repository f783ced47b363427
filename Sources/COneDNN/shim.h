#ifndef LIKENESS_CONEDNN_H
#define LIKENESS_CONEDNN_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

/* oneDNN runs on OpenMP, whose number of threads belongs to the calling thread. omp.h is the compiler's header, which is
   not in clang's search path beside libgomp; this is OpenMP's own declaration. */
extern void omp_set_num_threads(int count);

#endif
