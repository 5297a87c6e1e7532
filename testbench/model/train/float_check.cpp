// SPDX-License-Identifier: Apache-2.0
// Golden integer model against libtorch in double precision: float_check MODEL DATA IMAGES. Exit 1 beyond the bounds of docs/arithmetic.md.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "code/error.hpp"
#include "data/dataset.hpp"
#include "train/float_path.hpp"

int main(int count, char** words) {
  if (count != 4) {
    fmt::print(stderr, "usage: float_check MODEL DATA IMAGES\n");
    return 2;
  }
  try {
    torch::set_num_threads(2);
    const flexor::Network network = flexor::load_network(words[1]);
    flexor::Dataset data = flexor::load_dataset(network.provenance.data_name, words[2], false, network.input);
    data.hold();
    const int images = std::min(data.count, std::atoi(words[3]));
    const flexor::FloatComparison result = flexor::compare_float(network, data.pixels.data(), images);
    fmt::print("{}: {} images, same class {} ({:.2f} %)\n", network.name, images, result.same_class, 100.0 * result.same_class / images);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      fmt::print("  {:10} largest difference {:8.4f} LSB, bound {:.4f}\n", network.layers[l].name, result.layer_error[l],
                 result.layer_bound[l]);
    }
    fmt::print("  logits, end to end: largest difference {:.1f} LSB, bound {:.0f}\n", result.largest_error, result.logit_bound);
    return result.within_bounds() && result.same_class * 1000LL >= images * 999LL ? 0 : 1;
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "float_check: {}\n", error.what());
    return 2;
  }
}
