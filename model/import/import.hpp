// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "import/emit.hpp"

namespace flexor::foreign {

/// A network of another tool, read and matched.
struct Source {
  Graph graph;  ///< as simplified: what `--check` computes
  std::vector<Sizes> sizes;  ///< of every value of it
  Plan plan;
  std::string pixels_said;  ///< how pixel_levels() came to its result, for people
};

/// Reads a file and matches its nodes to layers. Throws InputError, one sentence that names the file.
Source load_source(const std::filesystem::path& file);
/// The same of a graph as read.
Source match_source(Graph graph);
/// Matches once more, now that the ranges of all values are known: quantisers that cut values off are kept where that is possible.
void match_again(Source& source, const std::vector<Range>& ranges);

/// What pixels 0..255 stand for.
struct PixelOptions {
  std::optional<std::pair<double, double>> range;  ///< of pixel 0 and pixel 255
  std::vector<double> mean, deviation;             ///< (pixel / 255 - mean) / deviation, one for all or one a channel
};

/// As the options say, else as the file's first quantiser says, else 0..255 of bytes and 0..1 of numbers. Throws InputError: numbers that do
/// not suit the channels.
Levels pixel_levels(Source& source, const PixelOptions& options);
/// The input of the file for one image, NHWC as the engine has it.
Tensor to_input(const Source& source, const Levels& pixels, std::span<const std::uint8_t> image);
/// The image, NHWC, that is nearest to an input of the file; counts values that are no pixel's.
std::vector<std::uint8_t> to_pixels(const Source& source, const Levels& pixels, std::span<const double> input, std::int64_t& between);

using Images = std::vector<std::vector<std::uint8_t>>;
/// Images of random pixels.
Images random_images(const Shape& shape, int number, std::uint64_t seed);
/// Ranges of every value over images.
std::vector<Range> calibrate(const Source& source, const Levels& pixels, const Images& images);
/// The file's own outputs, in double precision.
std::vector<std::vector<double>> reference_outputs(const Source& source, const Levels& pixels, const Images& images, int threads);

/// A model beside the file it was imported from.
struct CheckResult {
  std::int64_t images = 0, words = 0, equal = 0, off_by_one = 0;
  std::int64_t worst = 0;  ///< largest difference, words
  std::int64_t same_class = 0;
  double worst_share = 0;  ///< the largest difference in shares of the range of the reference's outputs
};
/// Compares the golden model's logits with those of a reference, in words: round(reference * logit_unit), half up.
CheckResult compare_outputs(const Emitted& emitted, const Images& images, const std::vector<std::vector<double>>& reference, int threads);

/// The layers as a network file of the trainer (docs/training.md, "Networks"): encrypted weights but for the first and the last layer, which
/// keep their digits. Throws InputError that says what the trainer's networks cannot have.
std::string network_json(const Emitted& emitted, const std::vector<std::int64_t>& largest_word);

}  // namespace flexor::foreign
