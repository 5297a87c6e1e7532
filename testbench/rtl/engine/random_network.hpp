// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

/// Random networks for the engine bench: plain loops, written from docs/architecture.md and docs/arithmetic.md, sharing nothing with
/// model/.
namespace flexor::testbench {

/// What the bench must know of an engine.
struct Geometry {
  int k, word_bytes, m, d, decryption, pe_style, acc_width, p_max, act_rows, weight_words, control_words, code_words;
  int r, digits, sum_bits, residual_words, windows;
  [[nodiscard]] int slices() const { return k * m / 20; }
};

/// What a layer adds before its clamp: value (y * stride, x * stride, c - offset) of an earlier layer, times multiplier / 256.
struct ShortcutCase {
  int source = 0, stride = 1, offset = 0, multiplier = 256;
};

/// One layer; a dense layer is a 1x1 convolution of a 1x1 image.
struct LayerCase {
  int source = -1;                          ///< layer that it reads, -1: the input
  int height = 1, width = 1, channels = 1;  ///< input
  int kernel_height = 1, kernel_width = 1, stride = 1, padding = 0;
  int out_channels = 1;
  bool pool = false, logits = false;
  int activation_max = 255;
  int stored_bits = 1;
  int block_pixels = 1;
  int digits = 1;        ///< planes of one weight, sum of 2^p b_p
  bool average = false;  ///< a 1x1 convolution, summed over all pixels before it is requantised
  std::optional<ShortcutCase> shortcut;
  bool window = false;                 ///< a pooling layer: the sum of a window of each channel
  bool maximum = false;                ///< or its maximum
  bool projection = false;             ///< signed output that a later layer adds, and nobody reads
  std::vector<std::uint32_t> columns;  ///< code: column j, bit i = row i
  std::vector<std::uint32_t> stored;   ///< slice (plane, p, r, g), g fastest
  std::vector<std::int64_t> bias;
  std::vector<int> multiplier;

  [[nodiscard]] int length() const { return kernel_width * channels; }
  [[nodiscard]] int slices_per_string() const { return (length() + 9) / 10; }
  [[nodiscard]] int raw_height() const { return (height + 2 * padding - kernel_height) / stride + 1; }
  [[nodiscard]] int raw_width() const { return (width + 2 * padding - kernel_width) / stride + 1; }
  [[nodiscard]] int out_height() const { return average ? 1 : pool ? raw_height() / 2 : raw_height(); }
  [[nodiscard]] int out_width() const { return average ? 1 : pool ? raw_width() / 2 : raw_width(); }
  /// Pixels of an image that enter the array.
  [[nodiscard]] int pixels() const { return average ? height * width : out_height() * out_width() * (pool ? 4 : 1); }
  [[nodiscard]] int slices() const { return (out_channels + 1) / 2 * kernel_height * slices_per_string(); }
  /// +1 or -1.
  [[nodiscard]] int bit(int plane, int channel, int row, int input) const;
  /// Sum of 2^p times the bit of plane p.
  [[nodiscard]] int weight(int channel, int row, int input) const;
};

/// A network, a batch of images and what must come out.
struct NetworkCase {
  int batch = 1;
  std::vector<LayerCase> layers;
  std::vector<std::uint8_t> input;         ///< images, NHWC
  std::vector<std::vector<int>> boundary;  ///< [layer]: NHWC of the whole batch
};

/// The same as the engine's memories want it.
struct JobImage {
  std::vector<std::uint32_t> control, code;
  std::vector<std::uint64_t> weight;
  std::vector<int> output_address;  ///< [layer], linear bytes
  std::uint64_t tiles = 0;          ///< of all blocks
  std::uint64_t pixel_steps = 0;    ///< cycles in which a pixel enters the array
};

/// Draws a network that fits the engine.
NetworkCase random_network(const Geometry& engine, std::mt19937& random);
/// Draws one dense layer of logits with stored bits that are its weights (of a wired engine: its code), inputs of 2..99 and no logit that
/// saturates: another stored bit among the first ten words gives another logit, whatever the PE style (of a wired engine: as style pair has
/// it). Fits every engine.
NetworkCase telling_network(const Geometry& engine, std::mt19937& random);
/// Computes `boundary`.
void run_reference(NetworkCase& network);
/// Lays the network out, descriptors from control word `base` on.
JobImage lay_out(const NetworkCase& network, const Geometry& engine, int base);
/// Linear byte address (may be negative) as a pair of an engine with words of so many bytes.
std::uint32_t to_pair(long address, int word_bytes);

}  // namespace flexor::testbench
