#ifndef LIKENESS_CONEDNN_H
#define LIKENESS_CONEDNN_H

#include <oneapi/dnnl/dnnl.h>

#endif
