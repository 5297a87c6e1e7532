// SPDX-License-Identifier: Apache-2.0
#include "stream/placement.hpp"

#include <gtest/gtest.h>

#include "code/error.hpp"
#include "networks.hpp"
#include "seed.hpp"
#include "stream_networks.hpp"

namespace flexor {
namespace {

using stream::kMicro16;
using stream::Placement;
using stream::TensorPlace;

TEST(StreamPlacement, Resnet20WritesOverItsShortcutsInTheOtherBank) {
  Random random(1);
  const Network network = test::random_resnet20(random);
  const Placement placement = stream::place(network, kMicro16);
  EXPECT_TRUE(placement.input.half) << "32 rows of 34 columns of 10 bytes";
  EXPECT_EQ(placement.input.halfwords, 32 * 22 * 8);
  EXPECT_EQ(placement.outputs.back().bank, 0);
  for (std::size_t l = 1; l < network.layers.size(); ++l) {
    EXPECT_NE(placement.outputs[l].bank, placement.outputs[l - 1].bank) << network.layers[l].name;
    const auto& shortcut = network.layers[l].shortcut;
    if (!shortcut || shortcut->stride != 1) continue;
    const TensorPlace& source = placement.outputs[static_cast<std::size_t>(shortcut->source)];
    EXPECT_EQ(placement.outputs[l].bank, source.bank);
    EXPECT_EQ(placement.outputs[l].address, source.address);
  }
}

// Whether layer t's output is read by layer l or a later one.
bool is_alive(const Network& network, std::size_t t, std::size_t l) {
  for (std::size_t reader = l; reader < network.layers.size(); ++reader) {
    const auto& shortcut = network.layers[reader].shortcut;
    if (network.source(reader) == static_cast<int>(t) || (shortcut && shortcut->source == static_cast<int>(t))) return true;
  }
  return false;
}

TEST(StreamPlacement, NothingStandsOverWhatIsStillRead) {
  Random random(test::random_seed());
  test::GraphLimits limits;
  limits.slice = {16, 2};
  int checked = 0;
  for (int i = 0; i < 200; ++i) {
    test::GraphParts parts;
    const Network network = test::draw_graph(random, parts, limits);
    Placement placement;
    try {
      placement = stream::place(network, kMicro16);
    } catch (const InputError&) {
      continue;
    }
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const TensorPlace& out = placement.outputs[l];
      ASSERT_LE(out.address + out.words, kMicro16.bank_words());
      for (std::size_t t = 0; t < l; ++t) {
        const TensorPlace& other = placement.outputs[t];
        if (!is_alive(network, t, l) || other.bank != out.bank) continue;
        const bool apart = out.address + out.words <= other.address || other.address + other.words <= out.address;
        const auto& shortcut = network.layers[l].shortcut;
        const bool in_place = shortcut && shortcut->source == static_cast<int>(t) && network.source(l) != static_cast<int>(t) &&
                              out.address == other.address && out.words == other.words && !is_alive(network, t, l + 1);
        ASSERT_TRUE(apart || in_place) << test::describe(network) << ": layer " << l << " over layer " << t;
        ++checked;
      }
    }
    EXPECT_EQ(placement.outputs.back().address % 2, 0) << "logits";
  }
  EXPECT_GT(checked, 100);
}

}  // namespace
}  // namespace flexor
