// SPDX-License-Identifier: Apache-2.0
// make_sample NAME FOLDER FILE: writes the first 100 test images of a data set in FOLDER as a sample file.
#include <fmt/format.h>

#include "code/error.hpp"
#include "data/dataset.hpp"

int main(int argc, char** argv) {
  constexpr int kImages = 100;
  if (argc != 4) {
    fmt::print(stderr, "usage: make_sample NAME FOLDER FILE (NAME: mnist or cifar10; FOLDER holds its files)\n");
    return 2;
  }
  try {
    flexor::Dataset data = flexor::load_dataset(argv[1], argv[2], false, {});
    data.count = kImages;
    data.pixels.resize(kImages * static_cast<std::size_t>(data.shape.size()));
    data.labels.resize(kImages);
    data.name = fmt::format("{}-test-{}", argv[1], kImages);
    flexor::save_sample(data, argv[3]);
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "make_sample: {}\n", error.what());
    return 2;
  }
  return 0;
}
