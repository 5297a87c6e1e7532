// SPDX-License-Identifier: Apache-2.0
// make_resnet18 MODEL IMAGES COUNT SEED: writes ResNet-18 with random weights and a sample file of COUNT random images, for flexor compare.
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "code/error.hpp"
#include "resnet18.hpp"

namespace {

std::uint64_t number(const char* what, std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value <= most) return value;
  throw flexor::InputError(fmt::format("{} is '{}', but 0 to {} are possible", what, text, most));
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::uint64_t kMostImages = 10000;
  if (argc != 5) {
    fmt::print(stderr, "usage: make_resnet18 MODEL IMAGES COUNT SEED\n");
    return 2;
  }
  try {
    const auto count = static_cast<int>(number("COUNT", argv[3], kMostImages));
    const std::uint64_t seed = number("SEED", argv[4], ~std::uint64_t{0});
    flexor::Random random(seed);
    flexor::Network network = flexor::test::make_resnet18(random);
    network.provenance.seed = seed;
    network.provenance.command = fmt::format("make_resnet18 MODEL IMAGES {} {}", count, seed);
    network.provenance.data_name = "random";
    flexor::save_network(network, argv[1]);
    flexor::save_sample(flexor::test::make_images(random, network.input, count), argv[2]);
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "make_resnet18: {}\n", error.what());
    return 2;
  }
  return 0;
}
