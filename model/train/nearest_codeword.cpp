// SPDX-License-Identifier: Apache-2.0
#include "train/nearest_codeword.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "train/device.hpp"

namespace flexor {
namespace {

constexpr int kLanes = 16;  // slices searched side by side
constexpr int kLargestCore = 12;

/// In place on values[index * kLanes + lane]; leaves the index of each lane's minimum in best.
__attribute__((target_clones("avx512f", "avx2", "default"))) void transform_and_find(float* values, int core, std::int32_t* best) {
  const int count = 1 << core;
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
  float least[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    least[lane] = values[lane];
    best[lane] = 0;
  }
  for (int index = 1; index < count; ++index) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float value = values[index * kLanes + lane];
      best[lane] = value < least[lane] ? index : best[lane];
      least[lane] = value < least[lane] ? value : least[lane];
    }
  }
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

NearestCodeword::NearestCodeword(const Code& code) : code_(code), decoder_(code), mask_(code.rows.size(), 0), own_(code.rows.size(), -1) {
  for (int j = 0; j < code.n_in; ++j) {
    const std::uint32_t column = code.column(j);
    const auto row = static_cast<std::size_t>(std::countr_zero(column));
    if (std::has_single_bit(column) && own_[row] < 0) {
      own_[row] = j;
    } else if (column != 0 && !std::has_single_bit(column)) {
      core_columns_.push_back(j);
    }
  }
  core_ = static_cast<int>(core_columns_.size());
  if (core_ > kLargestCore) {
    throw InputError("nearest-codeword training cannot search code " + code.name + " with " + std::to_string(core_) +
                     " entangled stored bits (at most 12); use --method eq6 or the nested code");
  }
  for (std::size_t i = 0; i < code.rows.size(); ++i) {
    for (int bit = 0; bit < core_; ++bit) mask_[i] |= (code.rows[i] >> core_columns_[static_cast<std::size_t>(bit)] & 1U) << bit;
  }
  const std::int64_t cores = std::int64_t{1} << core_;
  table_ = torch::zeros({cores, code.n_out});
  is_own_ = torch::zeros({code.n_out});
  for (int i = 0; i < code.n_out; ++i) {
    const auto row = static_cast<std::size_t>(i);
    if (own_[row] >= 0) {
      is_own_.data_ptr<float>()[i] = 1;
      continue;
    }
    for (std::int64_t x = 0; x < cores; ++x) {
      const int parity = std::popcount(mask_[row] & static_cast<std::uint32_t>(x)) & 1;
      table_.data_ptr<float>()[x * code.n_out + i] = static_cast<float>(2 * parity - 1);
    }
  }
}

torch::Tensor NearestCodeword::codewords_by_table(const torch::Tensor& latent) const {
  const torch::NoGradGuard guard;
  const torch::Tensor u = latent.detach().to(torch::kFloat);
  if (table_.device() != u.device()) {  // once: the tables follow the latents
    table_ = table_.to(u.device());
    is_own_ = is_own_.to(u.device());
  }
  const torch::Tensor best = u.matmul(table_.t()).argmax(1);
  const torch::Tensor own = u.ge(0).to(torch::kFloat).mul_(2).sub_(1).mul_(is_own_);
  return table_.index_select(0, best) + own;
}

std::vector<std::uint32_t> NearestCodeword::search(const torch::Tensor& latent) const {
  const torch::Tensor u = latent.detach().to(torch::kFloat).contiguous();
  const std::int64_t slices = u.size(0);
  const int rows = code_.n_out;
  const float* from = u.data_ptr<float>();
  std::vector<std::uint32_t> stored(static_cast<std::size_t>(slices));
  const std::int64_t blocks = ceil_div(slices, kLanes);
  at::parallel_for(0, blocks, 16, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> values((std::size_t{1} << core_) * kLanes);
    std::int32_t best[kLanes];
    for (std::int64_t block = begin; block < end; ++block) {
      const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, slices - block * kLanes));
      const float* base = from + block * kLanes * rows;
      std::fill(values.begin(), values.end(), 0.0F);
      for (int i = 0; i < rows; ++i) {
        const auto row = static_cast<std::size_t>(i);
        if (own_[row] >= 0) continue;
        for (int lane = 0; lane < lanes; ++lane) values[mask_[row] * kLanes + static_cast<std::size_t>(lane)] += base[lane * rows + i];
      }
      transform_and_find(values.data(), core_, best);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto x = static_cast<std::uint32_t>(best[lane]);
        std::uint32_t bits = 0;
        for (int bit = 0; bit < core_; ++bit) bits |= (x >> bit & 1U) << core_columns_[static_cast<std::size_t>(bit)];
        for (int i = 0; i < rows; ++i) {
          const auto row = static_cast<std::size_t>(i);
          if (own_[row] < 0) continue;
          const std::uint32_t wanted = base[lane * rows + i] < 0.0F ? 0U : 1U;
          bits |= ((static_cast<std::uint32_t>(std::popcount(mask_[row] & x)) ^ wanted) & 1U) << own_[row];
        }
        stored[static_cast<std::size_t>(block * kLanes + lane)] = bits;
      }
    }
  });
  return stored;
}

torch::Tensor nearest_codeword(const torch::Tensor& latent, const NearestCodeword& nearest) {
  if (!on_cpu(latent)) return Straight::apply(latent, nearest.codewords_by_table(latent).to(latent.scalar_type()));
  return Straight::apply(latent, nearest.decoder().decode(nearest.search(latent)).to(latent.scalar_type()));
}

}  // namespace flexor
