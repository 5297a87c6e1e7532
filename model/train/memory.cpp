// SPDX-License-Identifier: Apache-2.0
#include "train/memory.hpp"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <limits>

namespace flexor {

void keep_freed_memory() {
#ifdef M_MMAP_THRESHOLD
  constexpr int kLargestBlock = 32 << 20;  // what glibc allows
  mallopt(M_MMAP_THRESHOLD, kLargestBlock);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace flexor
