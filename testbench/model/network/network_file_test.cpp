// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <zlib.h>

#include "expect_input_error.hpp"
#include "networks.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

class ModelFile : public testing::Test {
 protected:
  ModelFile() {
    Random random(17);
    network_ = test::draw_network(random);
    network_.name = "drawn";
    network_.layers[0].real_scale.assign(static_cast<std::size_t>(network_.layers[0].output.channels), 0.125);
    network_.layers[0].real_bias.assign(static_cast<std::size_t>(network_.layers[0].output.channels), -3.5);
    network_.provenance = {"flexor train --seed 9", "0.1.0", 9, "mnist", std::string(64, 'a'), 12, 99.25, 99.5};
    save_network(network_, file_);
    good_ = test::read_bytes(file_);
  }
  void rewrite(const std::vector<std::uint8_t>& bytes) { test::write_bytes(file_, bytes); }
  // Sets a 32-bit word of the head and makes the head's checksum right again.
  std::vector<std::uint8_t> with_head_word(std::size_t at, std::uint32_t value) {
    auto bytes = good_;
    const auto put = [&bytes](std::size_t place, std::uint32_t v) {
      for (std::size_t i = 0; i < 4; ++i) bytes[place + i] = static_cast<std::uint8_t>(v >> 8 * i);
    };
    put(at, value);
    put(28, static_cast<std::uint32_t>(crc32(0, bytes.data(), 28)));
    return bytes;
  }

  test::Scratch scratch_;
  std::filesystem::path file_ = scratch_ / "model.flexor";
  Network network_;
  std::vector<std::uint8_t> good_;
};

TEST_F(ModelFile, RoundTrips) {
  const Network back = load_network(file_);
  EXPECT_EQ(back.name, "drawn");
  EXPECT_EQ(back.input, network_.input);
  EXPECT_EQ(back.codes, network_.codes);
  EXPECT_EQ(back.slice, (SliceShape{10, 2}));
  ASSERT_EQ(back.layers.size(), network_.layers.size());
  for (std::size_t l = 0; l < back.layers.size(); ++l) {
    const Layer& a = back.layers[l];
    const Layer& b = network_.layers[l];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.input, b.input);
    EXPECT_EQ(a.output, b.output);
    EXPECT_EQ(a.kernel_height, b.kernel_height);
    EXPECT_EQ(a.kernel_width, b.kernel_width);
    EXPECT_EQ(a.stride, b.stride);
    EXPECT_EQ(a.padding, b.padding);
    EXPECT_EQ(a.stack_rows, b.stack_rows);
    EXPECT_EQ(a.max_pool, b.max_pool);
    EXPECT_EQ(a.logits, b.logits);
    EXPECT_EQ(a.activation_max, b.activation_max);
    EXPECT_EQ(a.shift, b.shift);
    ASSERT_EQ(a.planes.size(), 1U);
    EXPECT_EQ(a.planes[0].code, b.planes[0].code);
    EXPECT_EQ(a.planes[0].stored, b.planes[0].stored);
    EXPECT_EQ(a.bias, b.bias);
    EXPECT_EQ(a.multiplier, b.multiplier);
    EXPECT_EQ(a.real_scale, b.real_scale);
    EXPECT_EQ(a.real_bias, b.real_bias);
  }
  const Provenance& p = back.provenance;
  EXPECT_EQ(p.command, "flexor train --seed 9");
  EXPECT_EQ(p.tool_version, "0.1.0");
  EXPECT_EQ(p.seed, 9U);
  EXPECT_EQ(p.data_name, "mnist");
  EXPECT_EQ(p.data_checksum, std::string(64, 'a'));
  EXPECT_EQ(p.epochs, 12);
  EXPECT_EQ(p.accuracy, 99.25);
  EXPECT_EQ(p.float_accuracy, 99.5);
}

TEST_F(ModelFile, RoundTripsSlicesOfAlignedWords) {
  Random random(18);
  test::GraphParts parts;
  test::GraphLimits limits;
  limits.slice = {16, 2};
  const Network network = test::draw_graph(random, parts, limits);
  save_network(network, file_);
  const Network back = load_network(file_);
  EXPECT_EQ(back.slice, (SliceShape{16, 2}));
  EXPECT_EQ(back.codes, network.codes);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    for (std::size_t p = 0; p < network.layers[l].planes.size(); ++p) {
      EXPECT_EQ(back.layers[l].planes[p].stored, network.layers[l].planes[p].stored);
    }
  }
}

TEST_F(ModelFile, BeginsWithItsMagicAndSchema) {
  EXPECT_EQ(std::string(good_.begin(), good_.begin() + 4), "FLXN");
  EXPECT_EQ(good_[4], 1);
  for (std::size_t i = 20; i < 28; ++i) EXPECT_EQ(good_[i], 0) << "byte " << i << " is reserved";
  // The payload is a FlatBuffer with the same identifier.
  EXPECT_EQ(std::string(good_.begin() + 36, good_.begin() + 40), "FLXN");
}

TEST_F(ModelFile, RefusesEveryFlippedBit) {
  for (std::size_t bit = 0; bit < 8 * good_.size(); bit += bit < 256 ? 1 : 61) {
    auto bad = good_;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1U << bit % 8);
    rewrite(bad);
    EXPECT_THROW(load_network(file_), InputError) << "bit " << bit;
  }
}

TEST_F(ModelFile, RefusesEveryLength) {
  for (std::size_t size = 0; size < good_.size(); size += size < 40 ? 1 : 101) {
    rewrite({good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_THROW(load_network(file_), InputError) << size << " bytes";
  }
  auto longer = good_;
  longer.push_back(0);
  rewrite(longer);
  expect_input_error([&] { load_network(file_); }, "bytes of payload where its head says");
}

TEST_F(ModelFile, RefusesAMissingFile) {
  expect_input_error([&] { load_network(scratch_ / "none"); }, "does not exist; check the path");
}

TEST_F(ModelFile, RefusesAFolder) {
  expect_input_error([&] { load_network(scratch_.folder()); }, "is a folder, not a model file");
}

TEST_F(ModelFile, RefusesAnEmptyFile) {
  rewrite({});
  expect_input_error([&] { load_network(file_); }, "is empty");
}

TEST_F(ModelFile, RefusesAShortFile) {
  rewrite({good_.begin(), good_.begin() + 20});
  expect_input_error([&] { load_network(file_); }, "is cut short (20 bytes)");
}

TEST_F(ModelFile, RefusesAnotherMagic) {
  auto bad = good_;
  bad[0] = 'P';
  rewrite(bad);
  expect_input_error([&] { load_network(file_); }, "is not a model file (it does not begin with FLXN)");
}

TEST_F(ModelFile, RefusesANewerSchema) {
  rewrite(with_head_word(4, 3));
  expect_input_error([&] { load_network(file_); },
                     "was written by a newer version (schema 3, this program reads up to 1); update the program");
}

TEST_F(ModelFile, RefusesADamagedPayload) {
  auto bad = good_;
  bad.back() ^= 1;
  rewrite(bad);
  expect_input_error([&] { load_network(file_); }, "its checksum does not match");
}

TEST_F(ModelFile, RefusesAPayloadThatIsNoNetwork) {
  auto bad = good_;
  for (std::size_t i = 32; i < bad.size(); ++i) bad[i] = 0xEE;
  good_ = bad;
  rewrite(with_head_word(16, static_cast<std::uint32_t>(crc32(0, bad.data() + 32, static_cast<unsigned>(bad.size() - 32)))));
  expect_input_error([&] { load_network(file_); }, "does not follow the schema");
}

TEST_F(ModelFile, IsNotWrittenWhenTheNetworkIsWrong) {
  network_.layers[0].bias.pop_back();
  EXPECT_THROW(save_network(network_, file_), InputError);
  EXPECT_THROW(save_network(network_, scratch_ / "other"), InputError);
  EXPECT_EQ(test::read_bytes(file_), good_);
  EXPECT_EQ(scratch_.files(), 1U);
}

TEST_F(ModelFile, ReportsAFullDisk) {
  expect_input_error([&] { save_network(network_, "/dev/full"); }, "cannot write '/dev/full': No space left on device");
}

}  // namespace
}  // namespace flexor
