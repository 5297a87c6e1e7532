// SPDX-License-Identifier: Apache-2.0
// make_sample FOLDER FILE: writes the first 100 MNIST test images of FOLDER as a sample file.
#include <fmt/format.h>

#include "code/error.hpp"
#include "data/dataset.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: make_sample FOLDER FILE (FOLDER holds the MNIST idx files)\n");
    return 2;
  }
  try {
    flexor::Dataset data = flexor::load_mnist(argv[1], false);
    data.count = 100;
    data.pixels.resize(100 * static_cast<std::size_t>(data.shape.size()));
    data.labels.resize(100);
    data.name = "mnist-test-100";
    flexor::save_sample(data, argv[2]);
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "make_sample: {}\n", error.what());
    return 2;
  }
  return 0;
}
