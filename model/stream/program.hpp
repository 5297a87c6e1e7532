// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "network/network.hpp"
#include "stream/parameters.hpp"

namespace flexor::stream {

/// Where the host puts an image, and how (docs/stream_engine.md, "Tensors").
struct InputLayout {
  int bank = 3;
  int halfwords = 0;      ///< from halfword address 0 of the bank, or of its upper half, on
  bool half = true;       ///< fits half of the bank: the next image may be uploaded to the other half while one runs
  Shape shape;            ///< of the image: height * width * channels bytes, NHWC
  int rows = 0;           ///< as laid out
  int columns = 0;        ///< pixels of a row
  int column_bytes = 0;   ///< of a pixel; stacked: kernel_height * channels, made even
  int row_halfwords = 0;  ///< from a row to the next
  bool stacked = false;   ///< byte ky * channels + c of a column is pixel (row * stride - top + ky, column - left)
  int kernel_height = 1;  ///< stacked
  int stride = 1;         ///< stacked
  int top = 0;            ///< stacked: rows of padding above
  int left = 0;           ///< stacked: columns of padding on the left
};

/// One word, or two of logits, that the drain writes: halfword i holds channels channel + 2 i and channel + 2 i + 1, of logits channel + i.
/// Channels that the layer does not have are 0.
struct Result {
  int layer = 0;  ///< of the network
  int y = 0, x = 0;
  int channel = 0;  ///< first one
  int bank = 0;
  int address = 0;       ///< halfword address in the bank
  int halfwords = 8;     ///< 8, or 16 of logits
  bool complete = true;  ///< false: a maximum that later results may still replace
};

/// A tensor in memory.
struct TensorPlace {
  int bank = 0;
  int address = 0;  ///< word address
  int words = 0;
  Shape shape;
};

/// One layer in the report.
struct LayerReport {
  std::string name;
  TensorPlace output;
  std::int64_t macs = 0;              ///< of one image; every binary digit counts
  double ideal_cycles = 0;            ///< macs / (K * M)
  std::int64_t predicted_cycles = 0;  ///< from the first GO that computes it to that of the next layer
  int entries = 0;                    ///< cycles of a pixel
  int m_tiles = 0;
  int stored_halfwords = 0;  ///< of the stream
  int first_compute = 0;     ///< index of its first computing GO in the stream
  int computes = 0;          ///< computing GOs
};

/// A network as the stream engine runs it.
struct Program {
  std::string configuration;
  std::string network;
  std::vector<std::uint16_t> stream;  ///< halfwords of bank 2 from `start` on
  int start = 0;                      ///< halfword address of the first instruction
  InputLayout input;
  int logits_bank = 0;
  int logits_address = 0;  ///< halfword address; int16, one a class
  int classes = 0;
  std::vector<LayerReport> layers;
  std::vector<Result> results;        ///< every word that the drain writes, in order
  int stored_halfwords = 0;           ///< of the stream that are stored bits
  int table_halfwords = 0;            ///< of the stream that fill tables
  std::int64_t predicted_cycles = 0;  ///< what the cycle counter will say of a job
  std::int64_t start_cycles = 0;      ///< of these, before the first row
};

/// Places tensors, orders rows and decryption, writes the stream. Throws InputError with one sentence when the network does not fit.
Program compile(const Network& network, const Parameters& parameters = kMicro16);

/// The configuration of that name. Throws InputError that lists the names.
const Parameters& find_configuration(std::string_view name);

/// One image (height * width * channels bytes, NHWC) as the host writes it: input.halfwords halfwords.
std::vector<std::uint16_t> layout_input(const InputLayout& input, const std::uint8_t* pixels);

/// Halfword i of a result according to the golden model: `boundaries` are Golden::run's. Only of a complete result.
std::uint16_t expected_halfword(const Network& network, const Result& result, int i,
                                const std::vector<std::vector<std::int16_t>>& boundaries);

}  // namespace flexor::stream
