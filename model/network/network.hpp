// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "code/code.hpp"

namespace flexor {

inline constexpr int kSliceK = 10;  ///< inputs of a slice of the engine of docs/architecture.md
inline constexpr int kSliceM = 2;   ///< output channels of that slice

/// What one slice of stored bits decrypts to: weights of some output channels for some inputs (docs/architecture.md, "Layout of weights").
/// 10 x 2: the inputs are neighbours in a kernel row. 16 x 2: they are one aligned word, 16 channels of a pixel.
struct SliceShape {
  int inputs = kSliceK;
  int channels = kSliceM;
  /// N_out of every code.
  [[nodiscard]] int weights() const { return inputs * channels; }
  /// Whether a slice's inputs are channels of one pixel.
  [[nodiscard]] bool aligned() const { return inputs == 16; }
  friend bool operator==(const SliceShape&, const SliceShape&) = default;
};

/// Height, width, channels of one NHWC image tensor.
struct Shape {
  int height = 1;
  int width = 1;
  int channels = 1;
  [[nodiscard]] int size() const { return height * width * channels; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Zeros around a layer's input, in pixels. A number is that many on every side.
struct Padding {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  constexpr Padding() = default;
  constexpr Padding(int sides) : Padding(sides, sides, sides, sides) {}  // NOLINT(google-explicit-constructor)
  constexpr Padding(int top_, int left_, int bottom_, int right_) : top(top_), left(left_), bottom(bottom_), right(right_) {}
  [[nodiscard]] constexpr bool even() const { return top == left && top == bottom && top == right; }
  [[nodiscard]] constexpr bool none() const { return *this == Padding(); }
  friend constexpr bool operator==(const Padding&, const Padding&) = default;
};

/// A pooling layer has no weights: every output is the maximum, or with Layer::average the sum, of a window of its own channel.
enum class LayerKind : std::uint8_t { Convolution = 0, Dense = 1, Pool = 2 };

inline constexpr int kPoolUnit = 4;  ///< accumulator units per activation LSB of a pooling layer: an int16 multiplier of 2^14 keeps a value

/// One bit plane of a layer's weights, encrypted.
struct Plane {
  int code = 0;                      ///< index into Network::codes
  std::vector<std::uint8_t> stored;  ///< n_in bits a slice (SliceLayout), packed LSB first, slice after slice, bit 0 of a slice first
};

inline constexpr int kNetworkInput = -1;   ///< a source: the pixels
inline constexpr int kPreviousLayer = -2;  ///< a source: the layer before (the pixels for layer 0)

/// Residual input of a layer, added before the clamp (docs/arithmetic.md, "Requantise"). Channels beyond the source's are 0 (option A).
struct Shortcut {
  int source = kNetworkInput;    ///< layer whose output is added, or kNetworkInput
  int stride = 1;                ///< 1 or 2, both axes
  int channel_offset = 0;        ///< output channel of the source's channel 0, >= 0
  int multiplier = 256;          ///< output LSBs per source LSB in 1/256, 0..65535
  double real_multiplier = 1.0;  ///< before rounding: output LSBs per source LSB
};

/// One layer that holds weights, or pools, with its requantisation. Formulas: docs/arithmetic.md.
struct Layer {
  std::string name;
  LayerKind kind = LayerKind::Convolution;
  Shape input;   ///< of the layer as the network sees it (dense: 1 x 1 x features; global average: height x width x channels)
  Shape output;  ///< after pooling
  int kernel_height = 1;
  int kernel_width = 1;
  int stride = 1;
  Padding padding = {};
  int dilation = 1;          ///< pixels from one place of the kernel to the next, both axes; 1 of dense and pooling layers
  bool stack_rows = false;   ///< first layer only: kernel rows are stacked in one string (docs/architecture.md)
  bool max_pool = false;     ///< 2x2, stride 2
  bool logits = false;       ///< int16 output without ReLU (last layer)
  int activation_max = 255;  ///< upper clamp of the output, 2^bits - 1
  int shift = 16;
  std::vector<Plane> planes;             ///< one, or at most 8 when they are digits
  std::vector<std::int32_t> bias;        ///< per output channel, accumulator units
  std::vector<std::int16_t> multiplier;  ///< per output channel, output LSBs per accumulator unit times 2^shift
  std::vector<double> real_scale;        ///< per output channel: real output LSBs per accumulator unit (before rounding to multiplier)
  std::vector<double> real_bias;         ///< per output channel: real bias in accumulator units (before rounding)
  int source = kPreviousLayer;           ///< layer whose output is the input; always an earlier one
  std::optional<Shortcut> shortcut;
  bool digits = false;          ///< the planes are binary digits of one weight w = sum_p 2^p b_p
  bool global_average = false;  ///< dense: one set of C weights an output, summed over all pixels
  bool average = false;         ///< pooling layer: sum instead of maximum; the multiplier divides
  bool projection = false;      ///< signed output without ReLU, -activation_max - 1..activation_max, that layers only add

  [[nodiscard]] int strings() const { return stack_rows ? 1 : kernel_height; }
  [[nodiscard]] int string_length() const { return kernel_width * input.channels * (stack_rows ? kernel_height : 1); }
  /// Pixels that a kernel covers from its first to its last row or column.
  [[nodiscard]] int reach_height() const { return (kernel_height - 1) * dilation + 1; }
  [[nodiscard]] int reach_width() const { return (kernel_width - 1) * dilation + 1; }
  [[nodiscard]] int padded_height() const { return input.height + padding.top + padding.bottom; }
  [[nodiscard]] int padded_width() const { return input.width + padding.left + padding.right; }
  /// Pooling layer: accumulator units of a whole window of ones.
  [[nodiscard]] int pooled_units() const { return kPoolUnit * (average ? kernel_height * kernel_width : 1); }
  /// Pixels over which one output sums (1 but for a global average).
  [[nodiscard]] int averaged_pixels() const { return global_average ? input.height * input.width : 1; }
  /// Output shape before pooling.
  [[nodiscard]] Shape unpooled() const;
  /// Multiply-accumulates of one plane for one image.
  [[nodiscard]] std::int64_t macs() const;
  /// Largest magnitude that an accumulator may reach before the bias, of inputs up to 255 and whatever weights.
  [[nodiscard]] std::int64_t largest_sum() const;
  /// Weights (without padding).
  [[nodiscard]] std::int64_t weights() const;
};

/// How a model came to be.
struct Provenance {
  std::string command;
  std::string tool_version;
  std::uint64_t seed = 0;
  std::string data_name;      ///< "mnist"
  std::string data_checksum;  ///< SHA-256 of the training images file
  int epochs = 0;
  double accuracy = 0;        ///< golden integer model, test set, percent
  double float_accuracy = 0;  ///< trainer's own evaluation, percent
};

/// A trained FleXOR network: what the model file holds.
struct Network {
  std::string name;
  Shape input;  ///< uint8 pixels
  std::vector<Code> codes;
  std::vector<Layer> layers;
  Provenance provenance;
  SliceShape slice;                  ///< of all layers
  std::vector<std::string> classes;  ///< names of the classes, one for each logit; empty: not known

  /// The layer that layer l reads, or kNetworkInput.
  [[nodiscard]] int source(std::size_t l) const;
  /// What a source (a layer or kNetworkInput) gives.
  [[nodiscard]] const Shape& tensor(int source) const;
  /// Whether that tensor is a projection's: signed.
  [[nodiscard]] bool is_projection(int source) const;
  /// Largest magnitude of its values.
  [[nodiscard]] int largest(int source) const;
};

/// Throws flexor::InputError with one sentence naming the layer when shapes, codes, sizes or ranges do not agree.
void validate(const Network& network);
/// Reads and checks a model file (FlatBuffers, schema model/network/network.fbs, CRC-32 checked). Throws InputError.
Network load_network(const std::filesystem::path& file);
/// Writes a model file atomically (temporary file, then rename). Throws InputError when the disk refuses.
void save_network(const Network& network, const std::filesystem::path& file);

/// Stored bits of slice `slice` of a plane whose code stores n_in bits a slice: bit j is x_j.
std::uint32_t slice_bits(const Plane& plane, int n_in, std::int64_t slice);
/// Packs the stored bits of consecutive slices as Plane::stored holds them.
std::vector<std::uint8_t> pack_slices(const std::vector<std::uint32_t>& slices, int n_in);

/// Decrypts one plane of a layer of network.layers into +-1 values in canonical order, whatever the slices' shape: weight of channel m,
/// string r, input k at [(m * strings + r) * string_length + k].
std::vector<std::int8_t> decrypt_weights(const Network& network, const Layer& layer, int plane = 0);

}  // namespace flexor
