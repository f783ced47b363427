extern "C" int cfaiss_placeholder(void); int cfaiss_placeholder(void) { return 0; }
