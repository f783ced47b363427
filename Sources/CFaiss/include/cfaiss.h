#ifndef LIKENESS_CFAISS_H
#define LIKENESS_CFAISS_H
int cfaiss_placeholder(void);
#endif
