// SPDX-License-Identifier: Apache-2.0
#include "train/nearest_codeword.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "train/device.hpp"

namespace flexor {
namespace {

constexpr int kLanes = 16;  // slices searched side by side
constexpr int kLargestCore = 13;
constexpr int kWindow = 8;  // bits of a core that are transformed at once: 16 KiB of values

// The least value so far of every lane and its index.
struct Best {
  float least[kLanes];
  std::int32_t index[kLanes];
};

/// In place on values[index * kLanes + lane], whose indices stand for first + index.
__attribute__((target_clones("avx512f", "avx2", "default"))) void transform_and_find(float* values, int bits, std::int32_t first,
                                                                                     Best& best) {
  const int count = 1 << bits;
  for (int half = 1; half < count; half *= 2) {
    for (int block = 0; block < count; block += 2 * half) {
      for (int i = block * kLanes; i < (block + half) * kLanes; ++i) {
        const float a = values[i];
        const float b = values[i + half * kLanes];
        values[i] = a + b;
        values[i + half * kLanes] = a - b;
      }
    }
  }
  Best now = best;
  for (int index = 0; index < count; ++index) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float value = values[index * kLanes + lane];
      now.index[lane] = value < now.least[lane] ? first + index : now.index[lane];
      now.least[lane] = value < now.least[lane] ? value : now.least[lane];
    }
  }
  best = now;
}

/// The first least value of a core and its index, kWindow low bits at a time: the high bits only turn signs. u[row * kLanes + lane].
Best search_core(int bits, const std::vector<int>& rows, const std::vector<std::uint32_t>& mask, const float* u) {
  float values[kLanes << kWindow];
  const int low = std::min(bits, kWindow);
  const std::uint32_t window = (1U << low) - 1;
  Best best;
  std::fill_n(best.least, kLanes, std::numeric_limits<float>::infinity());
  std::fill_n(best.index, kLanes, 0);
  for (std::uint32_t high = 0; high < 1U << (bits - low); ++high) {
    std::fill_n(values, kLanes << low, 0.0F);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const float sign = std::popcount(mask[r] >> low & high) % 2 == 0 ? 1.0F : -1.0F;
      float* to = values + (mask[r] & window) * kLanes;
      const float* from = u + rows[r] * kLanes;
      for (int lane = 0; lane < kLanes; ++lane) to[lane] += sign * from[lane];
    }
    transform_and_find(values, low, static_cast<std::int32_t>(high << low), best);
  }
  return best;
}

struct Straight : torch::autograd::Function<Straight> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& latent, const torch::Tensor& codeword) {
    (void)context;
    (void)latent;
    return codeword;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    (void)context;
    return {gradients[0], torch::Tensor()};
  }
};

}  // namespace

Decoder::Decoder(const Code& code) : outputs_(code.n_out) {
  for (int first = 0; first < code.n_in; first += kBits) {
    const int bits = std::min(kBits, code.n_in - first);
    std::vector<float>& table = tables_.emplace_back();
    for (std::uint32_t x = 0; x < 1U << bits; ++x) {
      for (const std::uint32_t row : code.rows) {
        const int parity = std::popcount(row & (x << first)) & 1;
        table.push_back(static_cast<float>(first == 0 ? 2 * parity - 1 : 1 - 2 * parity));
      }
    }
  }
}

torch::Tensor Decoder::decode(const std::vector<std::uint32_t>& stored) const {
  const auto slices = static_cast<std::int64_t>(stored.size());
  torch::Tensor words = torch::empty({slices, outputs_}, torch::kFloat);
  auto* all = words.data_ptr<float>();
  const auto outputs = static_cast<std::size_t>(outputs_);
  at::parallel_for(0, slices, 512, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t s = begin; s < end; ++s) {
      float* to = all + s * outputs_;
      std::uint32_t bits = stored[static_cast<std::size_t>(s)];
      for (std::size_t t = 0; t < tables_.size(); ++t, bits >>= kBits) {
        const float* from = tables_[t].data() + (bits & ((1U << kBits) - 1)) * outputs;
        for (std::size_t i = 0; i < outputs; ++i) to[i] = t == 0 ? from[i] : to[i] * from[i];
      }
    }
  });
  return words;
}

NearestCodeword::NearestCodeword(const Code& code) : code_(code), decoder_(code), own_(code.rows.size(), -1) {
  find_cores();
  for (const Core& core : cores_) {
    if (core.bits() <= kLargestCore) continue;
    throw InputError("nearest-codeword training cannot search code " + code.name + " with " + std::to_string(core.bits()) +
                     " entangled stored bits (at most 13); use --method eq6 or the nested code");
  }
  make_tables();
}

void NearestCodeword::find_cores() {
  std::vector<int> tied(static_cast<std::size_t>(code_.n_in), -1);  // column -> a column of the same core; -1: not of a core
  for (int j = 0; j < code_.n_in; ++j) {
    const std::uint32_t column = code_.column(j);
    const auto row = static_cast<std::size_t>(std::countr_zero(column));
    if (std::has_single_bit(column) && own_[row] < 0) {
      own_[row] = j;
    } else if (column != 0 && !std::has_single_bit(column)) {
      tied[static_cast<std::size_t>(j)] = j;
    }
  }
  const auto root = [&tied](int j) {
    while (tied[static_cast<std::size_t>(j)] != j) j = tied[static_cast<std::size_t>(j)];
    return j;
  };
  const auto first_core_column = [&](std::uint32_t row) {
    while (row != 0 && tied[static_cast<std::size_t>(std::countr_zero(row))] < 0) row &= row - 1;
    return row == 0 ? -1 : std::countr_zero(row);
  };
  for (std::size_t i = 0; i < code_.rows.size(); ++i) {
    const int first = own_[i] < 0 ? first_core_column(code_.rows[i]) : -1;
    for (int j = 0; first >= 0 && j < code_.n_in; ++j) {
      if ((code_.rows[i] >> j & 1U) != 0 && tied[static_cast<std::size_t>(j)] >= 0) tied[static_cast<std::size_t>(root(j))] = root(first);
    }
  }
  std::vector<int> core_of(static_cast<std::size_t>(code_.n_in), -1);  // root -> core
  for (int j = 0; j < code_.n_in; ++j) {
    if (tied[static_cast<std::size_t>(j)] < 0) continue;
    int& core = core_of[static_cast<std::size_t>(root(j))];
    if (core < 0) core = static_cast<int>(cores_.size()), cores_.emplace_back();
    cores_[static_cast<std::size_t>(core)].columns.push_back(j);
  }
  if (cores_.empty()) cores_.emplace_back();
  for (std::size_t i = 0; i < code_.rows.size(); ++i) {
    if (own_[i] >= 0) continue;
    const int first = first_core_column(code_.rows[i]);
    Core& core = cores_[first < 0 ? 0 : static_cast<std::size_t>(core_of[static_cast<std::size_t>(root(first))])];
    std::uint32_t mask = 0;
    for (int bit = 0; bit < core.bits(); ++bit) mask |= (code_.rows[i] >> core.columns[static_cast<std::size_t>(bit)] & 1U) << bit;
    core.rows.push_back(static_cast<int>(i));
    core.mask.push_back(mask);
  }
}

void NearestCodeword::make_tables() {
  is_own_ = torch::zeros({code_.n_out});
  for (int i = 0; i < code_.n_out; ++i) is_own_.data_ptr<float>()[i] = own_[static_cast<std::size_t>(i)] >= 0 ? 1.0F : 0.0F;
  for (const Core& core : cores_) {
    const std::int64_t count = std::int64_t{1} << core.bits();
    torch::Tensor& table = tables_.emplace_back(torch::zeros({count, code_.n_out}));
    for (std::size_t r = 0; r < core.rows.size(); ++r) {
      for (std::int64_t x = 0; x < count; ++x) {
        const int parity = std::popcount(core.mask[r] & static_cast<std::uint32_t>(x)) & 1;
        table.data_ptr<float>()[x * code_.n_out + core.rows[r]] = static_cast<float>(2 * parity - 1);
      }
    }
  }
}

torch::Tensor NearestCodeword::codewords_by_table(const torch::Tensor& latent) const {
  const torch::NoGradGuard guard;
  const torch::Tensor u = latent.detach().to(torch::kFloat);
  if (is_own_.device() != u.device()) {  // once: the tables follow the latents
    for (torch::Tensor& table : tables_) table = table.to(u.device());
    is_own_ = is_own_.to(u.device());
  }
  torch::Tensor words = u.ge(0).to(torch::kFloat).mul_(2).sub_(1).mul_(is_own_);
  for (const torch::Tensor& table : tables_) words += table.index_select(0, u.matmul(table.t()).argmax(1));
  return words;
}

// With the bits of all cores, what the rows with a bit of their own store.
std::uint32_t NearestCodeword::own_bits(std::uint32_t bits, const float* latent) const {
  std::uint32_t own = 0;
  for (std::size_t i = 0; i < own_.size(); ++i) {
    if (own_[i] < 0) continue;
    const std::uint32_t wanted = latent[i] < 0.0F ? 0U : 1U;
    own |= ((static_cast<std::uint32_t>(std::popcount(code_.rows[i] & bits)) ^ wanted) & 1U) << own_[i];
  }
  return own;
}

std::vector<std::uint32_t> NearestCodeword::search(const torch::Tensor& latent) const {
  const torch::Tensor u = latent.detach().to(torch::kFloat).contiguous();
  const std::int64_t slices = u.size(0);
  const int outputs = code_.n_out;
  const float* from = u.data_ptr<float>();
  std::vector<std::uint32_t> stored(static_cast<std::size_t>(slices));
  at::parallel_for(0, ceil_div(slices, kLanes), 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> lanes_of(static_cast<std::size_t>(outputs) * kLanes);  // [row][lane]
    for (std::int64_t block = begin; block < end; ++block) {
      const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, slices - block * kLanes));
      const float* base = from + block * kLanes * outputs;
      for (int lane = 0; lane < lanes; ++lane) {
        for (int i = 0; i < outputs; ++i) lanes_of[static_cast<std::size_t>(i * kLanes + lane)] = base[lane * outputs + i];
      }
      std::uint32_t* to = stored.data() + block * kLanes;
      for (const Core& core : cores_) {
        const Best best = search_core(core.bits(), core.rows, core.mask, lanes_of.data());
        for (int lane = 0; lane < lanes; ++lane) {
          const auto x = static_cast<std::uint32_t>(best.index[lane]);
          for (int bit = 0; bit < core.bits(); ++bit) to[lane] |= (x >> bit & 1U) << core.columns[static_cast<std::size_t>(bit)];
        }
      }
      for (int lane = 0; lane < lanes; ++lane) to[lane] |= own_bits(to[lane], base + lane * outputs);
    }
  });
  return stored;
}

torch::Tensor nearest_codeword(const torch::Tensor& latent, const NearestCodeword& nearest) {
  if (!on_cpu(latent)) return Straight::apply(latent, nearest.codewords_by_table(latent).to(latent.scalar_type()));
  return Straight::apply(latent, nearest.decoder().decode(nearest.search(latent)).to(latent.scalar_type()));
}

}  // namespace flexor
