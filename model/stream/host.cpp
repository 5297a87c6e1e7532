// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <stdexcept>

#include "stream/program.hpp"

namespace flexor::stream {
namespace {

// Byte `byte` of column `column` of row `row` as laid out; 0 outside the image.
std::uint8_t input_byte(const InputLayout& input, const std::uint8_t* pixels, int row, int column, int byte) {
  const Shape& shape = input.shape;
  int y = row, x = column, c = byte;
  if (input.stacked) {
    y = row * input.stride - input.top + byte / shape.channels;
    x = column - input.left;
    c = byte % shape.channels;
    if (byte >= input.kernel_height * shape.channels) return 0;
  }
  if (c >= shape.channels || y < 0 || y >= shape.height || x < 0 || x >= shape.width) return 0;
  return pixels[(y * shape.width + x) * shape.channels + c];
}

}  // namespace

std::vector<std::uint16_t> layout_input(const InputLayout& input, const std::uint8_t* pixels) {
  std::vector<std::uint16_t> halfwords(static_cast<std::size_t>(input.halfwords), 0);
  for (int row = 0; row < input.rows; ++row) {
    for (int i = 0; i < input.columns * input.column_bytes; ++i) {
      const unsigned byte = input_byte(input, pixels, row, i / input.column_bytes, i % input.column_bytes);
      auto& halfword = halfwords[static_cast<std::size_t>(row * input.row_halfwords + i / 2)];
      halfword = static_cast<std::uint16_t>(halfword | byte << (i % 2 * 8));
    }
  }
  return halfwords;
}

std::uint16_t expected_halfword(const Network& network, const Result& result, int i,
                                const std::vector<std::vector<std::int16_t>>& boundaries) {
  if (!result.complete) throw std::logic_error("only the golden model's whole maxima are known");
  const Layer& layer = network.layers[static_cast<std::size_t>(result.layer)];
  const std::vector<std::int16_t>& tensor = boundaries[static_cast<std::size_t>(result.layer)];
  const auto value = [&](int channel) -> int {
    if (channel >= layer.output.channels) return 0;
    return tensor[static_cast<std::size_t>((result.y * layer.output.width + result.x) * layer.output.channels + channel)];
  };
  if (layer.logits) return static_cast<std::uint16_t>(value(result.channel + i));
  const int low = value(result.channel + 2 * i) & 0xFF;
  const int high = value(result.channel + 2 * i + 1) & 0xFF;
  return static_cast<std::uint16_t>(low | high << 8);
}

}  // namespace flexor::stream
