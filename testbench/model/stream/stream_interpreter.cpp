// SPDX-License-Identifier: Apache-2.0
#include "stream_interpreter.hpp"

#include <algorithm>

namespace flexor::test {
namespace {

constexpr std::int64_t kMostSteps = std::int64_t{1} << 24;
constexpr std::size_t kUnsettled = 2;  // results that may still be on their way when a row begins

int bits(int h, int high, int low) { return h >> low & ((1 << (high - low + 1)) - 1); }

int sign_extend(int value, int width) { return (value ^ (1 << (width - 1))) - (1 << (width - 1)); }

}  // namespace

StreamInterpreter::StreamInterpreter(int acc_width, When when, std::uint64_t seed) : acc_width_(acc_width), when_(when), random_(seed) {
  for (auto& memory : bank) memory.assign(kHalfwords, 0);
}

bool StreamInterpreter::late() {
  if (when_ == When::Random) return random_.below(2) != 0;
  return when_ == When::Late;
}

void StreamInterpreter::step() {
  if (++steps_ > kMostSteps) throw Stop{End::TimeOut};
}

StreamInterpreter::End StreamInterpreter::run(int start, bool upper) {
  at_ = start;
  upper_ = upper;
  steps_ = 0;
  written_groups_ = 0;
  pixel_begins_ = sum_begins_ = true;
  window_ = 0;
  pending_fill_.reset();
  pending_compute_.reset();
  results_.clear();
  writes_.clear();
  try {
    for (;;) instruction(next());
  } catch (const Stop& stop) {
    return stop.why;
  }
}

int StreamInterpreter::next() {
  step();
  if (at_ >= kHalfwords) throw Stop{End::StreamEnd};
  return bank[2][static_cast<std::size_t>(at_++)];
}

void StreamInterpreter::instruction(int h) {
  const int code = bits(h, 15, 12);
  if (code <= 3) finish_fill();
  if (code >= 4 && code <= 13) finish_compute();
  if (code >= 9 && code <= 13) finish_drain(0);
  switch (code) {
    case 0:
      source_ = bits(h, 10, 0) * 8;
      break;
    case 1:
      fill_bank_ = bits(h, 11, 10);
      group_ = bits(h, 9, 8) + 1;
      valid_ = bits(h, 7, 5) + 1;
      fill_step_ = sign_extend(bits(h, 4, 0), 5);
      break;
    case 2:
      row_ = bits(h, 11, 4) + 1;
      pad_ = bits(h, 3, 0);
      break;
    case 3:
      line_ = bits(h, 7, 0);
      break;
    case 4:
      runs_ = bits(h, 11, 4) + 1;
      step_ = bits(h, 3, 0);
      break;
    case 5:
      base_ = bits(h, 7, 0);
      break;
    case 6:
      next_ = bits(h, 7, 0);
      break;
    case 7:
      entry_ = bits(h, 7, 0);
      break;
    case 8:
      weight_ = bits(h, 7, 0);
      break;
    case 9:
      result_bank_ = bits(h, 11, 11);
      result_ = bits(h, 10, 0);
      break;
    case 10:
      addend_bank_ = bits(h, 11, 11);
      addend_ = bits(h, 10, 0);
      break;
    case 11:
      max_ = bits(h, 11, 4);
      logits_ = bits(h, 3, 3) != 0;
      projection_ = bits(h, 2, 2) != 0;
      signed_ = bits(h, 1, 1) != 0;
      maximum_ = bits(h, 0, 0) != 0;
      break;
    case 12:
      result_step_ = bits(h, 11, 8);
      addend_step_ = bits(h, 7, 4);
      tile_ = bits(h, 3, 0);
      break;
    case 13:
      scale_ = bits(h, 11, 0);
      break;
    case 14:
      bits_ = bits(h, 11, 7) + 1;
      column_ = bits(h, 2, 0) * 32;
      break;
    default:
      action(h);
  }
}

void StreamInterpreter::action(int h) {
  switch (bits(h, 11, 9)) {
    case 0:
      go(h);
      return;
    case 1:
      decrypt(bits(h, 8, 0) + 1);
      return;
    case 2:
      copy(bits(h, 8, 7));
      return;
    case 3:
    case 4:
      finish_fill();
      finish_compute();
      finish_drain(0);
      if (bits(h, 11, 9) == 4) throw Stop{End::None};
      return;
    default:
      throw Stop{End::Instruction};
  }
}

void StreamInterpreter::go(int h) {
  finish_fill();
  const bool compute = bits(h, 0, 0) != 0;
  const int fill = bits(h, 2, 1);
  if (compute) {
    finish_compute();
    finish_drain(kUnsettled);
    pending_compute_ = bits(h, 4, 3);
  }
  if (fill != 0) pending_fill_ = fill;
  const bool fill_late = late();
  const bool compute_late = late();
  if (!fill_late) finish_fill();
  if (!compute_late) finish_compute();
  if (!late()) finish_drain(0);
}

void StreamInterpreter::finish_fill() {
  if (!pending_fill_) return;
  const int kind = *pending_fill_;
  pending_fill_.reset();
  if (kind == 1) {
    fill_row();
  } else {
    fill_zeros(row_ + pad_);
  }
}

void StreamInterpreter::finish_compute() {
  if (pending_compute_) compute_row();
}

void StreamInterpreter::finish_drain(std::size_t left) {
  while (results_.size() > left) drain_one();
}

void StreamInterpreter::fill_zeros(int words) {
  for (int i = 0; i < words; ++i, line_ = (line_ + 1) % 256) {
    step();
    lines_[static_cast<std::size_t>(line_)].fill(0);
  }
}

void StreamInterpreter::fill_row() {
  const auto& memory = bank[static_cast<std::size_t>(fill_bank_)];
  for (int i = 0; i < row_; ++i, line_ = (line_ + 1) % 256) {
    const bool last = i % group_ == group_ - 1;
    Word& word = lines_[static_cast<std::size_t>(line_)];
    word.fill(0);
    const int halfwords = last ? valid_ : 8;
    for (int j = 0; j < halfwords; ++j) {
      step();
      const int address = (source_ + (fill_bank_ == 3 && upper_ ? kHalfwords / 2 : 0)) % kHalfwords;
      const std::uint16_t value = memory[static_cast<std::size_t>(address)];
      word[static_cast<std::size_t>(2 * j)] = static_cast<std::uint8_t>(value & 0xFF);
      word[static_cast<std::size_t>(2 * j + 1)] = static_cast<std::uint8_t>(value >> 8);
      source_ += last && j + 1 == halfwords ? fill_step_ : 1;
      source_ = (source_ + kHalfwords) % kHalfwords;
    }
  }
  fill_zeros(pad_);
}

void StreamInterpreter::decrypt(int groups) {
  int step_of_halfword = 8;
  int halfword = 0;
  for (int group = 0; group < groups; ++group) {
    std::array<std::uint32_t, 2> slice{};
    for (int j = 0; j < bits_; ++j) {
      if (step_of_halfword == 8) {
        halfword = next();
        step_of_halfword = 0;
      }
      for (std::size_t s = 0; s < 2; ++s) {
        if ((halfword >> (2 * step_of_halfword + static_cast<int>(s)) & 1) != 0) {
          slice[s] ^= columns_[static_cast<std::size_t>((column_ + j) % 256)];
        }
      }
      ++step_of_halfword;
    }
    Weights& weights = cache_[static_cast<std::size_t>(written_groups_ / 4 % 256)];
    for (int s = 0; s < 2; ++s) {
      for (int i = 0; i < 32; ++i) {
        const int channel = 2 * (written_groups_ % 4 * 2 + s) + i / 16;
        weights[static_cast<std::size_t>(channel)][static_cast<std::size_t>(i % 16)] = (slice[static_cast<std::size_t>(s)] >> i & 1U) != 0;
      }
    }
    ++written_groups_;
  }
}

void StreamInterpreter::copy(int table) {
  const int head = next();
  int address = bits(head, 15, 8);
  const int last = bits(head, 7, 0);
  for (bool more = true; more; more = address != last, address = (address + 1) % 256) {
    const auto at = static_cast<std::size_t>(address);
    if (table == 0) {
      microcode_[at] = static_cast<std::uint16_t>(next());
    } else if (table == 1) {
      const auto low = static_cast<std::uint32_t>(next());
      columns_[at] = low | static_cast<std::uint32_t>(next()) << 16;
    } else {
      for (std::uint16_t& part : parameters_[at]) part = static_cast<std::uint16_t>(next());
    }
  }
}

// acc = (twice ? 2 acc : acc) + dot + c, where a weight of -1 brings the constant of its lane.
void StreamInterpreter::accumulate(int offset, bool twice) {
  step();
  ++entry_count_;
  if (pixel_begins_) weight_at_ = weight_;
  const Word& word = lines_[static_cast<std::size_t>((base_ + offset) % 256)];
  const Weights& weights = cache_[static_cast<std::size_t>(weight_at_)];
  for (std::size_t m = 0; m < sums_.size(); ++m) {
    std::int64_t sum = sum_begins_ ? 0 : sums_[m];
    if (twice) sum *= 2;
    for (std::size_t k = 0; k < word.size(); ++k) {
      sum += weights[m][k] ? int{word[k]} : (k % 2 == 0 ? 256 : 255) - int{word[k]};
    }
    sums_[m] = hold(sum);
  }
  pixel_begins_ = sum_begins_ = false;
  weight_at_ = (weight_at_ + 1) % 256;
}

void StreamInterpreter::compute_row() {
  const int results = *pending_compute_;
  pending_compute_.reset();
  int entry = entry_;
  bool ends = false;
  for (int runs_left = runs_; runs_left > 0 || ends;) {
    const int microcode = microcode_[static_cast<std::size_t>(entry)];
    const bool last_run = runs_left == (ends ? 0 : 1);
    accumulate(bits(microcode, 7, 0), bits(microcode, 8, 8) != 0);
    if (bits(microcode, 9, 9) != 0) {
      pixel_begins_ = true;
      if (results == 0 || (results == 2 && last_run)) {
        results_.push_back(sums_);
        sum_begins_ = true;
      }
    }
    if (bits(microcode, 11, 11) != 0) base_ = (base_ + (last_run ? next_ : step_)) % 256;
    entry = ends ? entry_ : (entry + 1) % 256;
    ends = bits(microcode, 10, 10) != 0;
    if (ends) --runs_left;
  }
}

std::int64_t StreamInterpreter::hold(std::int64_t value) const {
  const std::int64_t modulus = std::int64_t{1} << acc_width_;
  const std::int64_t low = ((value % modulus) + modulus) % modulus;
  return low >= modulus / 2 ? low - modulus : low;
}

int StreamInterpreter::requantise(int channel, std::int64_t sum, int addend) const {
  const auto& [multiplier, low, high] = parameters_[static_cast<std::size_t>(tile_ * 16 + channel)];
  const std::int64_t t = hold(sum + (std::int64_t{high} << 16 | low));
  const std::int64_t v = (t * static_cast<std::int16_t>(multiplier) + std::int64_t{addend} * scale_ * 256 + 32768) >> 16;
  if (logits_) return static_cast<int>(std::clamp<std::int64_t>(v, -32768, 32767));
  return static_cast<int>(std::clamp<std::int64_t>(v, projection_ ? -max_ - 1 : 0, max_));
}

void StreamInterpreter::drain_one() {
  const Sums sums = results_.front();
  results_.pop_front();
  std::array<int, 16> out{};
  for (int m = 0; m < 16; ++m) {
    const int from = maximum_ ? result_bank_ : addend_bank_;
    const int halfword = bank[static_cast<std::size_t>(from)][static_cast<std::size_t>((maximum_ ? result_ : addend_) * 8 + m / 2)];
    const int byte = m % 2 == 0 ? halfword & 0xFF : halfword >> 8;
    int value = requantise(m, sums[static_cast<std::size_t>(m)], signed_ ? static_cast<std::int8_t>(byte) : byte);
    if (maximum_ && window_ > 0) value = std::max(value, byte);
    out[static_cast<std::size_t>(m)] = value;
  }
  const int halfwords = logits_ ? 16 : 8;
  for (int i = 0; i < halfwords; ++i) {
    const int value = logits_ ? out[static_cast<std::size_t>(i)]
                              : (out[static_cast<std::size_t>(2 * i)] & 0xFF) | (out[static_cast<std::size_t>(2 * i + 1)] & 0xFF) << 8;
    const int address = logits_ ? (result_ / 2 * 16 + ((result_ % 2) ^ (i / 8)) * 8 + i % 8) : result_ * 8 + i;
    writes_.push_back({result_bank_, address, static_cast<std::uint16_t>(value)});
    bank[static_cast<std::size_t>(result_bank_)][static_cast<std::size_t>(address)] = static_cast<std::uint16_t>(value);
  }
  const bool window_ends = !maximum_ || window_ == addend_step_;
  window_ = window_ends ? 0 : window_ + 1;
  if (!logits_) addend_ = (addend_ + addend_step_) % 2048;
  if (window_ends) result_ = (result_ + result_step_) % 2048;
}

}  // namespace flexor::test
