// SPDX-License-Identifier: Apache-2.0
// endless_model FILE: the network of write_endless_model(), for tests that are not C++.
#include "program.hpp"

int main(int count, char** words) {
  if (count != 2) return 2;
  flexor::test::write_endless_model(words[1]);
  return 0;
}
