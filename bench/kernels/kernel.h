/* What a kernel is: `run` does its work once and returns a checksum, so that nothing is optimised
 * away. Each call computes the same. In WebAssembly it is exported;
 * natively `main` (native.c) times it. */
#include <stdint.h>

__attribute__((visibility("default"))) __attribute__((used))
#ifdef __wasm__
__attribute__((export_name("run")))
#endif
uint32_t run(uint32_t rounds);
