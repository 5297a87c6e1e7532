// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>

namespace flexor {

/// What the user gave is wrong (file, flag, shape, data). what() is one sentence: what is wrong and what to do. Exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace flexor
