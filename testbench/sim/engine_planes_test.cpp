// SPDX-License-Identifier: Apache-2.0
// A network description with two to four planes a layer, trained, exported and run whole on the engine: every word of every layer boundary
// and every cycle.
#include <gtest/gtest.h>

#include "boundary_check.hpp"
#include "compare.hpp"
#include "tiny.hpp"
#include "tiny_files.hpp"
#include "train/export.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

constexpr int kImages = 20;

class EnginePlanes : public testing::Test {
 protected:
  static Network train() {
    Trainable model(parse_network(kPlanesNetwork, "file"), nested_code(8), Method::Nearest, 1);
    train_stripes(model, {.epochs = 3, .batch = 16});
    return to_network(model, "planes");
  }

  Comparison run(const Corruption& corruption = {}) {
    CompareOptions options;
    options.images = kImages;
    options.corruption = corruption;
    options.make_engine = [this] { return make_verilator_engine(engine_, {}); };
    return compare(network_, stripes(kImages, 2), engine_, options);
  }

  const EngineParameters& engine_ = find_configuration("slim");
  Network network_ = train();
};

TEST_F(EnginePlanes, EqualTheGoldenModelAndThePrediction) {
  const Comparison result = run();
  EXPECT_TRUE(result.equal()) << (result.first ? to_string(*result.first) : result.fault);
  std::uint64_t words = 0;
  for (const Layer& layer : network_.layers) words += static_cast<std::uint64_t>(kImages * layer.output.size());
  EXPECT_EQ(result.words_compared, words);
  EXPECT_EQ(static_cast<std::int64_t>(result.cycles), result.predicted_cycles);
  EXPECT_GE(result.correct_engine, kImages * 9 / 10) << "it has learned";
}

TEST_F(EnginePlanes, AWrongBitOfEveryPlaneIsSeen) {
  int planes = 0;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    if (!network_.layers[l].projection) continue;
    ++planes;
    const Comparison result = run({Corruption::Kind::StoredBit, static_cast<int>(l)});
    EXPECT_GT(result.layers[l].words_differing, 0U) << network_.layers[l].name;
  }
  EXPECT_EQ(planes, 2 + 1 + 1 + 3 + 1 + 1);
}

}  // namespace
}  // namespace flexor::test
