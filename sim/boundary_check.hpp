// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compiler.hpp"
#include "engine_bus.hpp"
#include "network/network.hpp"

namespace flexor {

/// One word of a layer boundary that is not what the golden model says.
struct Difference {
  enum class Kind { Value, Missing, Twice, Unexpected };
  Kind kind = Kind::Value;
  int image = 0;  ///< in the data set
  int layer = 0;
  std::string layer_name;
  int channel = 0;
  int row = 0;              ///< of the output pixel
  int column = 0;           ///< of the output pixel
  std::uint64_t cycle = 0;  ///< since the start of the job; of the job's end when the word is missing
  int expected = 0;
  int found = 0;  ///< meaningless when missing
};

/// One sentence: layer, channel, pixel, cycle, expected, found.
std::string to_string(const Difference& difference);

/// Compares every word that one job writes to a layer boundary with the golden model. Each word must come exactly once.
class BoundaryCheck {
 public:
  /// Golden outputs of one image: [layer][NHWC index], as Golden::run returns them.
  using Boundaries = std::vector<std::vector<std::int16_t>>;
  struct Count {
    std::uint64_t compared = 0;
    std::uint64_t differing = 0;
  };

  /// `first_image`: index in the data set of the job's first image (for messages). `layers`: what each layer of the engine is (several may
  /// be strips or channels of one of the network's); empty: the network's own.
  BoundaryCheck(const Network& network, std::vector<Boundaries> golden, int first_image,
                const std::vector<MemoryImage::LayerPlan>& layers = {});
  void on_write(const TraceWrite& write);
  /// The job has ended at `cycle`: words that never came are differences.
  void finish(std::uint64_t cycle);
  /// Per layer; a word counts as differing once. A write outside of every layer counts on the nearest layer.
  [[nodiscard]] const std::vector<Count>& counts() const { return counts_; }
  /// The earliest difference in the job.
  [[nodiscard]] const std::optional<Difference>& first() const { return first_; }

 private:
  enum class Word : std::uint8_t { Waiting, Seen, Wrong };
  void difference(Difference::Kind kind, int layer, int pixel, int channel, std::uint64_t cycle, int expected, int found);
  struct Part {
    int layer, first_pixel, first_channel;
  };
  void word(const TraceWrite& write, int channel, int found);

  const Network& network_;
  std::vector<Boundaries> golden_;
  std::vector<std::vector<std::vector<Word>>> state_;  // [image][layer][word]
  std::vector<Count> counts_;
  std::optional<Difference> first_;
  int first_image_;
  std::vector<Part> parts_;
};

}  // namespace flexor
