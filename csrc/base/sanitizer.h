/* MILL_ASAN: true where the address sanitizer watches. gcc tells so by a macro of its own, clang by a feature. */
#ifndef MILL_BASE_SANITIZER_H
#define MILL_BASE_SANITIZER_H

#include <stdbool.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILL_ASAN true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MILL_ASAN true
#endif
#ifndef MILL_ASAN
#define MILL_ASAN false
#endif

#endif
