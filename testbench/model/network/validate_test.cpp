// SPDX-License-Identifier: Apache-2.0
// One wrong thing at a time in a right network: each is refused with a sentence that names the layer.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "expect_input_error.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

struct Wrong {
  const char* name;
  std::function<void(Network&)> spoil;
  const char* message;
};

class Validate : public testing::TestWithParam<Wrong> {};

Network lenet() {
  Random random(4);
  return test::random_lenet(random, 12);
}

TEST(ValidateNetwork, AcceptsARightOne) { EXPECT_NO_THROW(validate(lenet())); }

TEST_P(Validate, Refuses) {
  Network network = lenet();
  GetParam().spoil(network);
  test::expect_input_error([&] { validate(network); }, GetParam().message);
}

const Wrong kWrong[] = {
    {"SliceShape",
     [](Network& n) {
       n.slice = {8, 4};
     },
     "its slices are 8x4, but 10x2 and 16x2"},
    {"CodeOfAnotherSlice",
     [](Network& n) {
       n.slice = {16, 2};
     },
     "has N_out = 20, but slices hold 32 weights"},
    {"NoLayers", [](Network& n) { n.layers.clear(); }, "has no layers"},
    {"EmptyInput", [](Network& n) { n.input.width = 0; }, "its input 28x0x1"},
    {"HugeInput", [](Network& n) { n.input.width = 1 << 20; }, "is outside 1 to 4096"},
    {"BadCode", [](Network& n) { n.codes[0].rows.pop_back(); }, "has 19 rows"},
    {"ConvolutionInput", [](Network& n) { n.layers[1].input.height = 13; },
     "layer 'conv2': its input is 13x12x20, but the layer before gives 12x12x20"},
    {"FirstInput", [](Network& n) { n.layers[0].input.channels = 3; }, "layer 'conv1': its input is 28x28x3"},
    {"DenseInput", [](Network& n) { n.layers[2].input.channels = 801; },
     "layer 'dense3': it takes 801 inputs, but the layer before gives 800"},
    {"DenseImage",
     [](Network& n) {
       n.layers[2].input = {4, 4, 50};
     },
     "layer 'dense3': a dense layer takes 1x1xN"},
    {"DenseKernel", [](Network& n) { n.layers[2].kernel_width = 3; }, "layer 'dense3': a dense layer has kernel 1x1"},
    {"ZeroStride", [](Network& n) { n.layers[0].stride = 0; }, "layer 'conv1': its stride is 0"},
    {"ZeroKernel", [](Network& n) { n.layers[0].kernel_height = 0; }, "layer 'conv1': its kernel is 0x5"},
    {"LargeKernel", [](Network& n) { n.layers[0].kernel_height = 16; }, "layer 'conv1': its kernel is 16x5"},
    {"NegativePadding", [](Network& n) { n.layers[0].padding = -1; }, "layer 'conv1': its padding is -1"},
    {"LargePadding", [](Network& n) { n.layers[0].padding = 5; }, "layer 'conv1': its padding is 5"},
    {"KernelPastInput", [](Network& n) { n.layers[1].kernel_height = 13; },
     "layer 'conv2': its kernel 13x5 is larger than its padded input"},
    {"StackedSecond", [](Network& n) { n.layers[1].stack_rows = true; }, "layer 'conv2': only a first convolution may stack"},
    {"OutputShape", [](Network& n) { n.layers[0].output.width = 11; }, "layer 'conv1': its output is said to be 12x11x20"},
    {"ForgottenPool", [](Network& n) { n.layers[0].max_pool = false; },
     "layer 'conv1': its output is said to be 12x12x20, but its input and kernel give 24x24x20"},
    {"NoChannels", [](Network& n) { n.layers[3].output.channels = 0; }, "layer 'dense4': it has 0 output channels"},
    {"TinyPool", [](Network& n) { n.layers[2].max_pool = true; }, "layer 'dense3': its output 1x1x500 is too small for 2x2 pooling"},
    {"NoLogits", [](Network& n) { n.layers[3].logits = false; }, "layer 'dense4': the last layer must give logits"},
    {"EarlyLogits", [](Network& n) { n.layers[2].logits = true; }, "layer 'dense3': only the last layer may give logits"},
    {"Clamp", [](Network& n) { n.layers[1].activation_max = 100; }, "layer 'conv2': its upper clamp is 100"},
    {"LargeClamp", [](Network& n) { n.layers[1].activation_max = 511; }, "layer 'conv2': its upper clamp is 511"},
    {"Shift", [](Network& n) { n.layers[1].shift = 0; }, "layer 'conv2': its shift is 0"},
    {"NoPlanes", [](Network& n) { n.layers[1].planes.clear(); }, "layer 'conv2': it has 0 bit planes"},
    {"UnknownCode", [](Network& n) { n.layers[1].planes[0].code = 1; }, "layer 'conv2': it uses code 1, but the network has 1 codes"},
    {"MoreStoredThanWeights",
     [](Network& n) {
       n.codes.push_back(dense_code(20, 24, 1));
       n.layers[1].planes[0].code = 1;
     },
     "layer 'conv2': its code 'dense-seed1' stores N_in = 24 bits for N_out = 20 weights; N_in must not exceed N_out"},
    {"OtherSliceSize",
     [](Network& n) {
       n.codes.push_back(random_tap_code(10, 4, 2, 1));
       n.layers[1].planes[0].code = 1;
     },
     "layer 'conv2': its code 'tap2-seed1' has N_out = 10, but slices hold 20 weights"},
    {"StoredShort", [](Network& n) { n.layers[1].planes[0].stored.pop_back(); },
     "layer 'conv2': it stores 1874 bytes of weights, but its shape and code ask for 1875"},
    {"Biases", [](Network& n) { n.layers[2].bias.push_back(0); }, "layer 'dense3': it has 501 biases for 500 output channels"},
    {"Multipliers", [](Network& n) { n.layers[2].multiplier.pop_back(); }, "layer 'dense3': it has 499 multipliers"},
    {"RealScales", [](Network& n) { n.layers[2].real_scale = {1.0}; }, "layer 'dense3': it has 1 real scales"},
    {"NotANumber", [](Network& n) { n.layers[3].real_bias.assign(10, std::numeric_limits<double>::quiet_NaN()); },
     "layer 'dense4': a real scale or bias is not a finite number"},
    {"HugeBias", [](Network& n) { n.layers[3].bias[7] = std::numeric_limits<std::int32_t>::min(); },
     "layer 'dense4': the sums of channel 7 with bias -2147483648"},
    {"UnknownKind", [](Network& n) { n.layers[3].kind = static_cast<LayerKind>(7); }, "layer 'dense4': its kind 7 is unknown"},
};

INSTANTIATE_TEST_SUITE_P(OneWrongThing, Validate, testing::ValuesIn(kWrong), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace flexor
