// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace flexor {

/// Lets the C library keep freed memory instead of giving it back to the system: a training step frees and takes the same large tensors
/// again and again, and fresh pages cost more than the arithmetic on them. For programs, once, at the start.
void keep_freed_memory();

}  // namespace flexor
