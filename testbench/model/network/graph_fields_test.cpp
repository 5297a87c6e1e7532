// SPDX-License-Identifier: Apache-2.0
// The fields of residual networks: read back as written, absent in old files, refused one by one when wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "expect_input_error.hpp"
#include "networks.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

// A network with a shortcut into layer 1.
Network residual() {
  Random random(3);
  const test::LayerSpec conv{LayerKind::Convolution, 4, 3, 1, 1, false, false, 0, 8};
  const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {6, 6, 3}, {nested_code(8)}, {conv, conv, dense});
  network.layers[1].shortcut = Shortcut{.source = -1, .stride = 1, .channel_offset = 1, .multiplier = 300, .real_multiplier = 1.17};
  return network;
}

TEST(GraphFieldsFile, AreReadBack) {
  const test::Scratch scratch;
  Random random(5);
  test::GraphParts parts;
  for (int n = 0; n < 20; ++n) {
    const Network network = test::draw_graph(random, parts);
    save_network(network, scratch / "model.flexor");
    const Network back = load_network(scratch / "model.flexor");
    ASSERT_EQ(back.layers.size(), network.layers.size());
    for (std::size_t l = 0; l < back.layers.size(); ++l) {
      const Layer& a = back.layers[l];
      const Layer& b = network.layers[l];
      EXPECT_EQ(a.source, b.source);
      EXPECT_EQ(a.digits, b.digits);
      EXPECT_EQ(a.global_average, b.global_average);
      EXPECT_EQ(a.projection, b.projection);
      EXPECT_EQ(a.kind, b.kind);
      EXPECT_EQ(a.average, b.average);
      EXPECT_EQ(a.padding, b.padding);
      EXPECT_EQ(a.dilation, b.dilation);
      EXPECT_EQ(a.planes.size(), b.planes.size());
      EXPECT_EQ(a.multiplier, b.multiplier);
      ASSERT_EQ(a.shortcut.has_value(), b.shortcut.has_value());
      if (!a.shortcut) continue;
      EXPECT_EQ(a.shortcut->source, b.shortcut->source);
      EXPECT_EQ(a.shortcut->stride, b.shortcut->stride);
      EXPECT_EQ(a.shortcut->channel_offset, b.shortcut->channel_offset);
      EXPECT_EQ(a.shortcut->multiplier, b.shortcut->multiplier);
      EXPECT_EQ(a.shortcut->real_multiplier, b.shortcut->real_multiplier);
    }
  }
  EXPECT_TRUE(parts.uneven && parts.dilation);
}

TEST(GraphFieldsFile, AreAbsentInFilesWrittenBeforeThem) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FLEXOR_ZOO)) {
    const std::filesystem::path file = entry.path() / "model.flexor";
    if (!entry.path().filename().string().starts_with("lenet5")) continue;
    const Network network = load_network(file);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      EXPECT_EQ(network.source(l), static_cast<int>(l) - 1) << file;
      EXPECT_FALSE(network.layers[l].shortcut || network.layers[l].digits || network.layers[l].global_average ||
                   network.layers[l].projection)
          << file;
    }
    const test::Scratch scratch;
    save_network(network, scratch / "again.flexor");
    EXPECT_EQ(test::read_bytes(scratch / "again.flexor"), test::read_bytes(file)) << "the same bytes as before these fields";
    ++files;
  }
  EXPECT_GE(files, 7);
}

struct Wrong {
  const char* name;
  std::function<void(std::vector<Layer>&)> spoil;
  const char* message;
};

class GraphFields : public testing::TestWithParam<Wrong> {};

TEST_P(GraphFields, Refuses) {
  Network network = residual();
  ASSERT_NO_THROW(validate(network));
  GetParam().spoil(network.layers);
  test::expect_input_error([&] { validate(network); }, GetParam().message);
}

const Wrong kWrong[] = {
    {"LaterSource", [](auto& l) { l[1].source = 1; }, "layer 'conv2': it reads layer 1, but a layer reads an earlier one"},
    {"NegativeSource", [](auto& l) { l[1].source = -3; }, "layer 'conv2': it reads layer -3"},
    {"SourceOfAnotherShape", [](auto& l) { l[1].source = -1; }, "layer 'conv2': its input is 6x6x4, but the network's input gives 6x6x3"},
    {"AveragingConvolution", [](auto& l) { l[1].global_average = true; }, "layer 'conv2': only a dense layer may average"},
    {"LaterShortcut", [](auto& l) { l[1].shortcut->source = 1; }, "layer 'conv2': its shortcut comes from layer 1"},
    {"ShortcutIntoLogits", [](auto& l) { l[2].shortcut = l[1].shortcut; },
     "layer 'dense3': only a layer with weights that neither pools, averages nor gives logits may have a shortcut"},
    {"ShortcutStride", [](auto& l) { l[1].shortcut->stride = 3; }, "layer 'conv2': its shortcut has stride 3, but 1 and 2"},
    {"ShortcutMultiplier", [](auto& l) { l[1].shortcut->multiplier = 65536; }, "layer 'conv2': its shortcut multiplier is 65536"},
    {"ShortcutPixels", [](auto& l) { l[1].shortcut->stride = 2; }, "layer 'conv2': its shortcut gives 3x3 pixels, but its output is 6x6x4"},
    {"ShortcutChannels", [](auto& l) { l[1].shortcut->channel_offset = 2; },
     "layer 'conv2': its shortcut puts 3 channels at channel 2, but its output has 4"},
    {"ShortcutShift", [](auto& l) { l[1].shift = 7; }, "layer 'conv2': its shift is 7, but a layer with a shortcut needs 8 or more"},
    {"ShortcutNotANumber", [](auto& l) { l[1].shortcut->real_multiplier = std::nan(""); }, "layer 'conv2': its real shortcut multiplier"},
    {"TwoPlanesThatAreNoDigits", [](auto& l) { l[1].planes.resize(2, l[1].planes[0]); },
     "layer 'conv2': it has 2 bit planes, but only binary digits may have more or fewer than one"},
    {"NineDigits", [](auto& l) { l[1].digits = true, l[1].planes.resize(9, l[1].planes[0]); },
     "layer 'conv2': it has 9 bit planes, but 1 to 8"},
    {"ProjectionThatIsRead", [](auto& l) { l[0].projection = true, l[0].activation_max = 127, *l[1].shortcut = {.source = 0}; },
     "layer 'conv2': it reads the layer before, a projection, which layers only add"},
    {"ProjectionThatNobodyAdds", [](auto& l) { l[1].shortcut.reset(), l[1].projection = true, l[1].activation_max = 127, l[2].source = 0; },
     "layer 'conv2': it is a projection, but no layer adds it"},
    {"ProjectionThatPools",
     [](auto& l) {
       l[0].projection = true, l[0].activation_max = 127, l[0].max_pool = true, l[0].output = {3, 3, 4};
     },
     "layer 'conv1': only a layer with weights that neither pools, averages nor gives logits may be a projection"},
    {"ProjectionOfNineBits", [](auto& l) { l[1].shortcut.reset(), l[1].projection = true, l[2].source = 0; },
     "layer 'conv2': its upper clamp is 255, but a projection has at most 127"},
    {"AverageOfAConvolution", [](auto& l) { l[0].average = true; }, "layer 'conv1': only a pooling layer may take the sum of its windows"},
    {"PoolWithWeights", [](auto& l) { l[0].kind = LayerKind::Pool, l[0].output.channels = 3; },
     "layer 'conv1': a pooling layer has no weights, but it has 1 bit planes"},
    {"PoolOfOtherChannels", [](auto& l) { l[0].kind = LayerKind::Pool; }, "layer 'conv1': it pools 3 channels into 4"},
    {"PoolThatIsPooled",
     [](auto& l) {
       l[0].kind = LayerKind::Pool, l[0].max_pool = true, l[0].output = {3, 3, 4};
     },
     "layer 'conv1': a pooling layer has neither digits, stacked rows, logits nor pooling behind it"},
    {"PaddingOfOneSide", [](auto& l) { l[1].padding.right = 3; }, "layer 'conv2': its padding is [1, 1, 1, 3], but it must be at least 0"},
    {"NegativeSide", [](auto& l) { l[1].padding.left = -1; }, "layer 'conv2': its padding is [1, -1, 1, 1], but it must be at least 0"},
    {"DilationOfZero", [](auto& l) { l[1].dilation = 0; }, "layer 'conv2': its dilation is 0, but 1 to 15 are possible"},
    {"DilatedDense", [](auto& l) { l[2].dilation = 2; }, "layer 'dense3': its dilation is 2, but only a convolution may have one"},
    {"DilationPastInput", [](auto& l) { l[1].dilation = 4; }, "layer 'conv2': its kernel 9x9 is larger than its padded input"},
    {"DilationAndItsShape", [](auto& l) { l[1].dilation = 2; },
     "layer 'conv2': its output is said to be 6x6x4, but its input and kernel give 4x4x4"},
    {"MultipliersMissing", [](auto& l) { l[1].multiplier.pop_back(); }, "layer 'conv2': it has 3 multipliers for 4 output channels"},
};

INSTANTIATE_TEST_SUITE_P(OneWrongThing, GraphFields, testing::ValuesIn(kWrong), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace flexor
