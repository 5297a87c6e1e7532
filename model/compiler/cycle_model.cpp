// SPDX-License-Identifier: Apache-2.0
#include "compiler/cycle_model.hpp"

#include <algorithm>
#include <deque>

#include "code/integer.hpp"
#include "compiler/pe_style.hpp"

namespace flexor {
namespace {

// docs/blocks/sequencer.md, "Timing, exactly"; docs/blocks/output_writer.md.
constexpr int kAccumulatorLag = 2;
constexpr int kAccumulatorLatency = 4;
constexpr int kRun = kDescriptorUsedWords + 5;  // cycle of a layer in which the first pixel may be decided
constexpr int fetch_latency(const EngineParameters& engine) { return 3 + engine.ReadCycles; }
constexpr int min_period(const EngineParameters& engine) { return fetch_latency(engine) + 3; }
constexpr int kPeriodStart = kRun - 2;  // a layer begins as if a tile had begun here
constexpr int kWriteTail = 9;           // from a pixel's read of the accumulators to its write being visible

/// tile_loader and the shadow of tile_decryptor.
class Loader {
 public:
  Loader(const LayerTiming& layer, const EngineParameters& engine)
      : double_(engine.WeightBuffers == 2),
        bits_(layer.stored_bits),
        groups_(engine.groups()),
        look_ahead_(fetch_latency(engine) + 2),
        bit_(layer.stored_bits - 1),
        group_(groups_ - 1),
        tiles_left_(ceil_div(layer.pixels, layer.block_pixels) * layer.m_tiles * layer.tiles) {}

  /// tile_valid or, with two buffers, soon.
  [[nodiscard]] bool ready() const { return whole_ || (double_ && soon_); }

  void clock(bool take, bool busy) {
    const bool word_ready = double_ ? !whole_ || take : !whole_ && !busy;
    const bool taken = valid_ && word_ready;
    const bool fetch = tiles_left_ > 0 && (!valid_ || word_ready);
    soon_ = taken && near_;
    whole_ = (taken && last_) || (whole_ && !take);
    if (fetch) {
      const bool last_bit = bit_ == 0;
      valid_ = true;
      last_ = last_bit && group_ == 0;
      near_ = group_ == 0 && bit_ <= look_ahead_;
      if (last_) --tiles_left_;
      if (last_bit) group_ = group_ == 0 ? groups_ - 1 : group_ - 1;
      bit_ = last_bit ? bits_ - 1 : bit_ - 1;
    } else if (word_ready) {
      valid_ = false;
    }
  }

 private:
  bool double_;
  int bits_, groups_, look_ahead_;
  int bit_, group_;
  std::int64_t tiles_left_;
  bool valid_ = false, last_ = false, near_ = false, soon_ = false, whole_ = false;
};

/// parameter_fetch and the pixels of output_writer.
class Writer {
 public:
  Writer(const LayerTiming& layer, const EngineParameters& engine)
      : layer_(layer),
        r_(engine.R),
        groups_(engine.M / engine.R),
        single_port_(engine.ReadCycles > 1),
        turns_(single_port_ && layer.shortcut),
        tile_left_(layer.channels),
        left_(layer.channels) {}

  [[nodiscard]] bool ready() const { return !held_; }
  [[nodiscard]] bool free(int buffer, std::int64_t cycle) const {
    return single_port_ ? idle(cycle) : !(held_ && block_.buffer == buffer) && !(reading_pixels_ && read_buffer_ == buffer);
  }
  [[nodiscard]] bool idle(std::int64_t cycle) const { return !held_ && !reading_pixels_ && cycle >= idle_from_; }

  void clock(std::int64_t cycle, bool block_valid, int buffer, int pixels, bool first) {
    if (reading_pixels_) idle_from_ = cycle + kWriteTail;
    const bool accept = block_valid && !held_;
    const bool last_word = word_ == 2 * r_ - 1;
    const bool advance = !turns_ || (cycle - accepted_) % 2 == 0;
    const bool group_ready = turns_ ? !reading_pixels_ && !advance : !reading_pixels_ || pixel_ == last_pixel_;
    const bool take = held_ && !begin_ && (!reading_ || last_word) && group_ready;
    const bool last_group = index_ == groups_ - 1 || left_ <= r_;
    if (take) {
      pixel_ = 0;
      last_pixel_ = block_.pixels - 1;
      read_buffer_ = block_.buffer;
      reading_pixels_ = true;
    } else if (reading_pixels_ && advance) {
      reading_pixels_ = pixel_ != last_pixel_;
      ++pixel_;
    }
    const bool reading = reading_;
    if (accept) {
      accepted_ = cycle;
      held_ = true;
      index_ = 0;
      block_ = {buffer, pixels};
      if (first) tile_left_ = started_ ? left_ : layer_.channels;
      started_ = true;
    } else if (begin_) {
      reading_ = true;
      left_ = tile_left_;
    } else if (take) {
      held_ = reading_ = !last_group;
      ++index_;
      left_ -= r_;
    } else if (reading_ && last_word) {
      reading_ = false;
    }
    begin_ = accept;
    if (reading) word_ = last_word ? 0 : word_ + 1;
  }

 private:
  struct Block {
    int buffer = 0, pixels = 0;
  };
  const LayerTiming& layer_;
  int r_, groups_;
  bool single_port_, turns_;
  int tile_left_, left_;
  int word_ = 0, index_ = 0, pixel_ = 0, last_pixel_ = 0, read_buffer_ = 0;
  bool held_ = false, begin_ = false, reading_ = false, reading_pixels_ = false, started_ = false;
  Block block_;
  std::int64_t idle_from_ = 0, accepted_ = 0;
};

/// The decisions of pixel_loop and what follows each of them in pixel_tags.
class Machine {
 public:
  Machine(const LayerTiming& layer, const EngineParameters& engine)
      : layer_(layer),
        buffers_(engine.AccBuffers),
        fetch_latency_(fetch_latency(engine)),
        min_period_(min_period(engine)),
        read_cycles_(engine.ReadCycles),
        to_done_(1 + fetch_latency_ + pe_latency(engine.PeStyle, engine.K) - kAccumulatorLag + kAccumulatorLatency),
        loader_(layer, engine),
        writer_(layer, engine),
        blocks_(ceil_div(layer.pixels, layer.block_pixels)) {
    begin_block();
  }

  PredictedCycles run() {
    for (cycle_ = kRun; !drained_; ++cycle_) step();
    result_.other = cycle_ - 1 - result_.compute - result_.weight_stall - result_.drain_stall;
    return result_;
  }

 private:
  void begin_block() {
    const std::int64_t first = block_ * layer_.block_pixels;
    pixels_ = static_cast<int>(std::min<std::int64_t>(layer_.block_pixels, layer_.pixels - first));
    left_ = pixels_;
    tile_ = 0;
  }

  [[nodiscard]] bool due(std::deque<std::int64_t>& events) const {
    if (events.empty() || events.front() != cycle_) return false;
    events.pop_front();
    return true;
  }

  void step() {
    const bool take = due(takes_);
    const bool tile_end = due(tile_ends_);
    const bool block_done = due(dones_);
    const bool busy = take || in_array_;
    const bool writer_ready = writer_.ready();

    const bool tile_first = left_ == pixels_, first_tile = tile_ == 0, last_tile = tile_ == layer_.tiles - 1;
    const bool block_last = left_ == 1 && last_tile;
    const bool buffer_busy = buffers_ == 1 ? busy_q_ : !free_q_[buffer_];
    const bool drain_wait = (tile_first && first_tile && buffer_busy) || (block_last && pending_);
    const bool weight_wait = tile_first && !ready_q_;
    const bool period_wait = tile_first && cycle_ < period_end_;
    const bool clear = running_ && !drain_wait && !weight_wait && !period_wait;
    const bool pixel = read_cycles_ == 1 ? clear : running_ && clear_q_ && cycle_ >= read_end_;
    if (running_ && drain_wait)
      ++result_.drain_stall;
    else if (running_ && weight_wait)
      ++result_.weight_stall;
    else if (pixel)
      ++result_.compute;
    const bool block_end = pixel && block_last;

    // What becomes visible in the next cycle.
    clear_q_ = clear;
    drained_ = !running_ && drained_q_;
    drained_q_ = writer_.idle(cycle_) && !pending_ && !block_end;
    busy_q_ = block_end || pending_ || !writer_.free(0, cycle_);
    free_q_[0] = writer_.free(0, cycle_);
    free_q_[1] = writer_.free(1, cycle_);
    ready_q_ = loader_.ready();
    in_array_ = busy && !tile_end;
    writer_.clock(cycle_, block_valid_, block_buffer_, block_pixels_, block_first_);
    loader_.clock(take, busy);
    if (block_valid_ && writer_ready) {
      pending_ = block_valid_ = false;
    } else {
      pending_ = pending_ || block_end;
      block_valid_ = block_valid_ || block_done;
    }
    if (pixel) advance(tile_first, block_end);
  }

  void advance(bool tile_first, bool block_end) {
    read_end_ = cycle_ + read_cycles_;
    if (tile_first) {
      takes_.push_back(cycle_ + 1 + fetch_latency_);
      period_end_ = cycle_ + min_period_;
    }
    const bool tile_last = left_ == 1;
    if (tile_last) tile_ends_.push_back(cycle_ + 1 + fetch_latency_);
    left_ = tile_last ? pixels_ : left_ - 1;
    if (tile_last) ++tile_;
    if (!block_end) return;
    dones_.push_back(cycle_ + to_done_);
    block_buffer_ = buffer_;
    block_pixels_ = pixels_;
    block_first_ = block_ == 0;
    if (buffers_ == 2) buffer_ = 1 - buffer_;
    if (++block_ == blocks_) {
      block_ = 0;
      if (++m_tile_ == layer_.m_tiles) running_ = false;
    }
    begin_block();
  }

  const LayerTiming& layer_;
  int buffers_, fetch_latency_, min_period_, read_cycles_, to_done_;
  Loader loader_;
  Writer writer_;
  PredictedCycles result_;
  std::int64_t cycle_ = 0;
  std::int64_t blocks_, block_ = 0;
  int m_tile_ = 0, pixels_ = 0, left_ = 0, tile_ = 0, buffer_ = 0;
  int block_buffer_ = 0, block_pixels_ = 0;
  bool block_first_ = false;
  std::int64_t period_end_ = kPeriodStart + min_period_, read_end_ = 0;
  std::deque<std::int64_t> takes_, tile_ends_, dones_;
  bool running_ = true, ready_q_ = false, busy_q_ = false, pending_ = false, block_valid_ = false, in_array_ = false;
  bool free_q_[2] = {true, true};
  bool clear_q_ = false, drained_q_ = false, drained_ = false;
};

}  // namespace

int choose_block(LayerTiming layer, int whole, const EngineParameters& engine) {
  const std::int64_t parts = layer.pixels / whole;
  const std::int64_t fewest = (parts + engine.PMax / whole - 1) / std::max(engine.PMax / whole, 1);
  int best = 0;
  std::int64_t least = 0;
  for (std::int64_t blocks = fewest; blocks <= parts; ++blocks) {
    layer.block_pixels = static_cast<int>(ceil_div(parts, blocks) * whole);
    const std::int64_t cycles = estimate_cycles(layer, engine);
    if (best == 0 || cycles < least) {
      best = layer.block_pixels;
      least = cycles;
    }
    if (layer.block_pixels == whole) break;
  }
  return best;
}

PredictedCycles predict_cycles(const LayerTiming& layer, const EngineParameters& engine) { return Machine(layer, engine).run(); }

std::int64_t estimate_cycles(const LayerTiming& layer, const EngineParameters& engine) {
  const std::int64_t blocks = ceil_div(layer.pixels, layer.block_pixels);
  const int words = engine.groups() * layer.stored_bits;
  const int groups = ceil_div(std::min(layer.channels, engine.M), engine.R);
  const std::int64_t pixels = layer.block_pixels;
  const std::int64_t tile =
      std::max<std::int64_t>({pixels * engine.ReadCycles, words, min_period(engine)}) + (engine.WeightBuffers == 1 ? words : 0);
  const std::int64_t compute = layer.tiles * tile;
  const std::int64_t latency = 1 + fetch_latency(engine) + pe_latency(engine.PeStyle, engine.K) - kAccumulatorLag + kAccumulatorLatency + 2;
  const std::int64_t words_of_group = 2 * engine.R;
  const bool single_port = engine.ReadCycles > 1;
  const std::int64_t drained = single_port && layer.shortcut ? 2 * pixels : pixels;
  const std::int64_t inner = std::max(drained, words_of_group) * (groups - 1);
  const std::int64_t drain = words_of_group + 1 + inner + drained + (single_port ? kWriteTail : 0);
  // A drain's last group overlaps the parameters of the next block's first.
  const std::int64_t drain_period = inner + std::max(drained, words_of_group + 3);
  const std::int64_t serial = compute + latency + drain;
  const std::int64_t block = engine.AccBuffers == 2 ? std::max({compute, drain_period, latency, (serial + 1) / 2}) : serial;
  return kRun + words + layer.m_tiles * blocks * block + (engine.AccBuffers == 2 ? latency + drain : 0) + kWriteTail;
}

}  // namespace flexor
