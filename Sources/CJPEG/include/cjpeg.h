#ifndef LIKENESS_CJPEG_H
#define LIKENESS_CJPEG_H
int cjpeg_placeholder(void);
#endif
