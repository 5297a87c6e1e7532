// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "../port_bits.hpp"
#include "engine_parameters.hpp"

namespace flexor::testbench {

/// What a layer adds, as it walks residual memory, and which channels it has.
struct WriterShortcut {
  int multiplier = 256, first = 0, end = 0;
  std::int64_t base = 0, step_x = 1, step_y = 1, step_image = 1;  ///< words
  bool is_signed = false;
};

/// One layer as output_writer sees it, in plain numbers.
struct WriterLayer {
  bool logits = false;
  bool pool = false;
  int activation_max = 255;
  int channels = 1;
  int pixels = 1;  ///< before pooling
  int block_pixels = 1;
  int parameter_base = 0;
  std::int64_t output_base = 0;  ///< bytes
  std::int64_t output_step = 1;  ///< bytes
  int sum_pixels = 1;
  int columns = 1, rows = 1;                  ///< of the image that a shortcut is walked in
  std::optional<std::int64_t> residual_base;  ///< words; the output also goes there
  bool projection = false;                    ///< signed, and only there
  std::optional<WriterShortcut> shortcut;
  std::vector<std::int64_t> offset;            ///< per channel
  std::vector<int> multiplier;                 ///< per channel
  std::vector<std::vector<std::int64_t>> acc;  ///< [pixel][channel]
};

/// What came out of one layer.
struct WriterResult {
  std::map<std::int64_t, int> bytes;         ///< byte address -> value
  std::map<std::pair<int, int>, int> trace;  ///< (pixel, channel) -> value
  std::map<std::int64_t, int> residual;      ///< byte R * word + lane of residual memory -> value
  int repeated = 0;                          ///< bytes or trace words written more than once
  int faults = 0;                            ///< broken rules: free, idle, trace without write
  std::vector<int> write_cycles;             ///< cycle of each write, from the first acceptance
};

/// Plays the sequencer, the accumulators, control memory and activation memory around one Verilated output_writer.
template <class V>
class WriterDriver {
 public:
  explicit WriterDriver(unsigned seed)
      : random_(seed),
        buffers_(V::kAccBuffers, std::vector<Word>(V::kPMax)),
        control_(V::kControlWords),
        residual_(V::kR * std::max(V::kResidualWords, 1)) {
    for (auto& byte : residual_) byte = static_cast<std::uint8_t>(random_());
    top_.rst_ni = 0;
    top_.block_valid_i = 0;
    clock_edge(top_);
    top_.rst_ni = 1;
  }

  /// Runs a layer; with `busy` blocks are offered as soon as their buffer is free, else after random waits.
  WriterResult run(const WriterLayer& layer, bool busy) {
    layer_ = &layer;
    ++number_;
    result_ = {};
    describe();
    const int tiles = (layer.channels + V::kM - 1) / V::kM;
    int tile = 0, first = 0;  // of the next block
    bool offered = false;
    int start = -1, since_write = V::kWriteLatency, held = -1;
    for (int cycle = 0, idle = 0; idle < 20; ++cycle) {
      if (cycle > 2'000'000) throw std::runtime_error("output_writer does not finish");
      top_.eval();
      if (!offered && tile < tiles && (busy || random_() % 8 == 0) && free(next_buffer_)) {
        first += offer(tile, first);
        if (first == layer.pixels) first = 0, ++tile;
        offered = true;
      }
      top_.block_valid_i = offered;
      top_.eval();
      check_buffers(held);
      const bool accepted = offered && top_.block_ready_o != 0;
      if (accepted && start < 0) start = cycle;
      ++since_write;
      take_write(cycle - start, since_write);
      if (top_.idle_o != 0 && since_write < V::kWriteLatency) ++result_.faults;
      if (top_.idle_o != 0 && held >= 0) ++result_.faults;
      idle = tile == tiles && !offered && top_.idle_o != 0 ? idle + 1 : 0;
      if (idle > 0 && top_.write_valid_o != 0) ++result_.faults;
      next_accumulators();
      next_parameter();
      const std::uint64_t word = top_.residual_read_address_o;
      const bool kept = V::kSinglePort && (top_.residual_read_o == 0 || top_.residual_write_o != 0);
      if (V::kSinglePort && layer.shortcut && top_.residual_read_o != 0 && top_.residual_write_o != 0) ++result_.faults;
      if (V::kSinglePort && top_.idle_o == 0 && top_.buffer_free_o != 0) ++result_.faults;
      held = accepted ? next_buffer_ : -1;
      if (accepted) {
        offered = false;
        next_buffer_ = (next_buffer_ + 1) % V::kAccBuffers;
      }
      clock_edge(top_);
      top_.read_data_i = read_data_;
      top_.parameter_data_i = parameter_data_;
      if (V::kResidualWords == 0 || kept) continue;
      for (int r = 0; r < V::kR; ++r) set_bits(top_.residual_read_data_i, 8 * r, 8, residual_.at(word * V::kR + r));
    }
    return result_;
  }

  /// Residual memory: R bytes a word.
  [[nodiscard]] const std::vector<std::uint8_t>& residual() const { return residual_; }

 private:
  using Word = std::vector<std::int64_t>;

  void put(const DescriptorField& field, std::int64_t value) {
    set_bits(top_.descriptor_i, field.packed, field.width, static_cast<std::uint64_t>(value));
  }
  static std::int64_t pair(std::int64_t bytes) { return bytes / V::kK << 8 | bytes % V::kK; }

  /// Descriptor and parameters; everything that this layer does not use is noise.
  void describe() {
    for (int bit = 0; bit <= descriptor::last.packed; ++bit) set_bits(top_.descriptor_i, bit, 1, random_());
    const WriterLayer& l = *layer_;
    put(descriptor::logits, l.logits);
    put(descriptor::pool, l.pool);
    put(descriptor::activation_max, l.activation_max);
    put(descriptor::channels, l.channels);
    put(descriptor::parameter_base, l.parameter_base);
    put(descriptor::output_base, pair(l.output_base));
    put(descriptor::output_step, pair(l.output_step));
    put(descriptor::sum_pixels, l.sum_pixels);
    put(descriptor::columns, l.columns);
    put(descriptor::rows, l.rows);
    put(descriptor::residual, l.residual_base.has_value());
    put(descriptor::residual_base, l.residual_base.value_or(0));
    put(descriptor::residual_step, (l.channels + V::kR - 1) / V::kR);
    put(descriptor::projection, l.projection);
    put(descriptor::shortcut, l.shortcut.has_value());
    if (l.shortcut) {
      put(descriptor::shortcut_multiplier, l.shortcut->multiplier);
      put(descriptor::shortcut_signed, l.shortcut->is_signed);
      put(descriptor::shortcut_first, l.shortcut->first);
      put(descriptor::shortcut_end, l.shortcut->end);
      put(descriptor::shortcut_base, l.shortcut->base);
      put(descriptor::shortcut_step_x, l.shortcut->step_x);
      put(descriptor::shortcut_step_y, l.shortcut->step_y);
      put(descriptor::shortcut_step_image, l.shortcut->step_image);
    }
    top_.layer_i = static_cast<CData>(number_);
    for (auto& word : control_) word = random_();
    for (int c = 0; c < l.channels; ++c) {
      control_.at(l.parameter_base + 2 * c) = static_cast<std::uint32_t>(l.offset[c]);
      control_.at(l.parameter_base + 2 * c + 1) = (random_() & 0xFFFF0000U) | static_cast<std::uint16_t>(l.multiplier[c]);
    }
  }

  bool free(int buffer) { return ((top_.buffer_free_o >> buffer) & 1) != 0; }

  /// Fills the next buffer with a block of an m-tile and offers it; returns its pixels.
  int offer(int tile, int first) {
    const WriterLayer& l = *layer_;
    const int pixels = std::min(l.block_pixels, l.pixels - first);
    for (auto& word : buffers_[next_buffer_]) word.assign(V::kM, static_cast<std::int64_t>(random_()));
    for (int p = 0; p < pixels; ++p) {
      for (int m = 0; m < V::kM; ++m) {
        const int channel = tile * V::kM + m;
        if (channel < l.channels) buffers_[next_buffer_][p][m] = l.acc[first + p][channel];
      }
    }
    top_.block_buffer_i = static_cast<CData>(next_buffer_);
    top_.block_pixels_i = static_cast<SData>(pixels);
    top_.block_first_i = first == 0;
    top_.block_layer_first_i = first == 0 && tile == 0;
    return pixels;
  }

  /// The buffer of the block accepted in the last cycle must not be free; free buffers get noise, as a next block would write it.
  void check_buffers(int held) {
    if (held >= 0 && free(held)) ++result_.faults;
    for (int b = 0; b < V::kAccBuffers; ++b) {
      if (free(b) && !(top_.block_valid_i != 0 && top_.block_buffer_i == b)) {
        buffers_[b][random_() % V::kPMax].assign(V::kM, static_cast<std::int64_t>(random_()));
      }
    }
  }

  void take_write(int cycle, int& since_write) {
    if (top_.trace_valid_o != top_.write_valid_o) ++result_.faults;
    if (top_.residual_write_o != 0 && top_.write_valid_o == 0) ++result_.faults;
    if (top_.residual_write_o != 0) {
      for (int r = 0; r < V::kR; ++r) {
        const std::int64_t place = static_cast<std::int64_t>(top_.residual_write_address_o) * V::kR + r;
        if (!result_.residual.emplace(place, get_bits(top_.residual_write_data_o, 8 * r, 8)).second) ++result_.repeated;
      }
    }
    if (top_.write_valid_o == 0) return;
    since_write = 0;
    result_.write_cycles.push_back(cycle);
    const std::int64_t word = top_.write_address_o >> 8, offset = top_.write_address_o & 0xFF;
    if (offset >= V::kK || word >= 2 * V::kActRows) ++result_.faults;
    for (int i = 0; i < V::kW; ++i) {
      if (get_bits(top_.write_strobe_o, i, 1) == 0) continue;
      const auto [place, fresh] = result_.bytes.emplace(word * V::kK + offset + i, get_bits(top_.write_data_o, 8 * i, 8));
      if (!fresh) ++result_.repeated;
    }
    if (top_.trace_layer_o != (number_ & 0xFF)) ++result_.faults;
    for (int r = 0; r < V::kR; ++r) {
      if (get_bits(top_.trace_mask_o, r, 1) == 0) continue;
      const std::pair<int, int> key(top_.trace_pixel_o, top_.trace_channel_o + r);
      const int value = static_cast<std::int16_t>(get_bits(top_.trace_data_o, 16 * r, 16));
      if (!result_.trace.emplace(key, value).second) ++result_.repeated;
    }
  }

  void next_accumulators() {
    const Word& word = buffers_[top_.read_buffer_o % V::kAccBuffers][top_.read_address_o % V::kPMax];
    if (word.empty()) return;
    for (int m = 0; m < V::kM; ++m) set_bits(read_data_, m * V::kAccWidth, V::kAccWidth, static_cast<std::uint64_t>(word[m]));
  }
  void next_parameter() {
    parameter_data_ = static_cast<IData>(top_.parameter_read_o != 0 ? control_[top_.parameter_address_o] : random_());
  }

  typename V::Top top_;
  std::mt19937_64 random_;
  const WriterLayer* layer_ = nullptr;
  int number_ = 0;
  int next_buffer_ = 0;
  std::vector<std::vector<Word>> buffers_;
  std::vector<std::uint64_t> control_;
  std::vector<std::uint8_t> residual_;
  std::remove_reference_t<decltype(V::Top::read_data_i)> read_data_{};
  IData parameter_data_ = 0;
  WriterResult result_;
};

}  // namespace flexor::testbench
