// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "code/error.hpp"

namespace flexor::test {

/// The call throws exactly InputError, with one sentence (no line break) that contains `part`.
template <typename F>
void expect_input_error(F&& call, const std::string& part) {
  try {
    call();
  } catch (const InputError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find(part), std::string::npos) << "message: " << what;
    EXPECT_EQ(what.find('\n'), std::string::npos) << "message: " << what;
    return;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    return;
  }
  ADD_FAILURE() << "nothing was thrown; expected: " << part;
}

}  // namespace flexor::test
